-- Prosody as Debian builds it, for measuring: what every server of the run has, and no more.
-- @NAMES@ are filled in by bench/peers/prosody.ts.
daemonize = false
pidfile = "@DATA@/prosody.pid"
data_path = "@DATA@/data"
-- Prosody refuses to run as root by default; a bench in a container may have no other user.
run_as_root = true
-- Quiet, as all of them.
log = { error = "*console" }

-- Not the default: it more than halves what Prosody costs, and it shall be at its best.
gc = { mode = "generational" }

-- The backend that suits thousands of sockets, and Prosody's default since 0.12.
network_backend = "epoll"
interfaces = { "127.0.0.1" }
c2s_ports = { @PORT@ }
s2s_ports = {}
http_ports = {}
https_ports = {}

-- Rosters, presence, messages with offline storage, disco, ping, version, blocking, registration, TLS.
-- No PEP, carbons, stream management or archive: Heliograph does not have them yet.
modules_disabled = { "s2s", "s2s_auth_certs", "limits" }
modules_enabled = {
  "roster", "saslauth", "tls", "disco", "ping", "version", "offline", "blocklist", "register",
}

-- Passwords are stored as SCRAM keys, as in the others. 4096 rounds, what ejabberd takes: whoever
-- signs in pays for them, not the server.
authentication = "internal_hashed"
default_iteration_count = 4096
allow_registration = true

-- One row of the table is TCP without TLS.
c2s_require_encryption = false
allow_unencrypted_plain_auth = false
ssl = { certificate = "@CERTIFICATE@", key = "@KEY@" }

VirtualHost "@DOMAIN@"
