/**
 * Every option of the server: one schema, from which come the types, the reading of files, variables
 * and flags, `docs/reference/config.md` and the console's forms.
 */
import Type, { type Static } from 'typebox'
import { LOG_LEVELS } from '../util/log.ts'
import {
  address,
  boolean,
  choice,
  databaseUrl,
  integer,
  list,
  optionalPath,
  path,
} from './option.ts'
import { adminOptions } from './options/admin.ts'
import { componentsOption } from './options/components.ts'
import { httpOptions } from './options/http.ts'
import { listenersOption } from './options/listeners.ts'
import { overloadOptions } from './options/overload.ts'
import { authorizationOptions, messagingOptions, passwordOptions } from './options/people.ts'
import { presenceOptions } from './options/presence.ts'
import { sipOptions } from './options/sip.ts'
import { smtpOptions } from './options/smtp.ts'
import { uploadOptions } from './options/upload.ts'
import { xcapOptions } from './options/xcap.ts'
import { xmppOptions } from './options/xmpp.ts'

const listenOptions = Type.Object(
  {
    xmpp: address({
      default: '*:5222',
      demo: '127.0.0.1:5222',
      doc: 'XMPP clients, with STARTTLS (RFC 6120).',
    }),
    xmppTls: address({
      default: '*:5223',
      demo: '127.0.0.1:5223',
      doc: 'XMPP clients, with TLS from the first byte (XEP-0368).',
    }),
    sipUdp: address({
      default: '*:5060',
      demo: '127.0.0.1:5060',
      doc: 'SIP over UDP (RFC 3261).',
    }),
    sipTcp: address({
      default: '*:5060',
      demo: '127.0.0.1:5060',
      doc: 'SIP over TCP.',
    }),
    sipTls: address({
      default: '*:5061',
      demo: '127.0.0.1:5061',
      doc: 'SIP over TLS.',
    }),
    https: address({
      default: '*:7300',
      demo: '127.0.0.1:7300',
      doc: 'The HTTPS API, `/metrics`, XMPP over HTTPS (WebSocket, BOSH, files), and SIP over WebSocket.',
    }),
    httpsXmpp: address({
      default: 'off',
      doc: 'XMPP over HTTPS, and SIP over WebSocket, without the API, for the network that clients come from; the usual port is 5281.',
    }),
    http: address({
      default: 'off',
      doc: 'XMPP over HTTP, and SIP over WebSocket, without TLS, for a proxy in front of this server, which `http.trustedProxies` names; the usual port is 5280.',
    }),
    components: address({
      default: 'off',
      doc: 'External components (XEP-0114), which `components` names, without TLS: keep it inside; the usual address is 127.0.0.1:5275.',
    }),
  },
  { description: 'Where the server listens. Port 0 takes a free one, which is printed.' },
)

const tlsOptions = Type.Object(
  {
    certificate: optionalPath({
      doc: 'PEM file with the server’s certificate and those between it and a root. Without one the server makes its own authority and certificate in `<data>/tls`.',
    }),
    key: optionalPath({ doc: 'PEM file with the private key of `tls.certificate`.' }),
    domains: optionalPath({
      doc: 'Directory with certificates of single domains: `NAME.crt` with `NAME.key`, or folders with `fullchain.pem` and `privkey.pem`. Each is shown to clients that ask for a name which is in it, `tls.certificate` to all others.',
    }),
    clientCa: optionalPath({
      doc: 'PEM file with the authorities whose certificates SIP peers may show (mutual TLS). Without it none is asked for.',
    }),
    minVersion: choice(['1.2', '1.3'], {
      default: '1.2',
      doc: 'The oldest TLS that is spoken.',
    }),
  },
  { description: 'Certificates. Files that change are read again within a minute.' },
)

export const configSchema = Type.Object({
  data: path({
    default: 'data',
    doc: 'The data directory: database, certificates, command socket. One server at a time uses it. `--data DIR` is short for it.',
  }),
  demo: boolean({
    default: false,
    doc: 'Demonstration: listens on loopback addresses only, and makes the users alice, bob, carol and dave, who know each other. `--demo` is short for it.',
  }),
  domains: list('domain', {
    default: ['localhost'],
    min: 1,
    doc: 'The domains of this system’s users. Those added by `heliograph domain add` come on top.',
  }),
  database: Type.Object(
    {
      url: databaseUrl({
        default: 'sqlite:heliograph.db',
        doc: 'Where everything durable lives. A relative SQLite path is taken from the data directory.',
      }),
    },
    { description: 'The database.' },
  ),
  workers: integer({
    default: 0,
    min: 0,
    max: 64,
    doc: 'Threads that own the sockets of XMPP clients and their TLS, beside the one that does the rest. 0 does all in one thread, which takes the least memory; on a machine for very many users, one less than it has cores. Linux only.',
  }),
  log: Type.Object(
    {
      level: choice(LOG_LEVELS, {
        default: 'info',
        doc: 'The least severe level that is written to standard error.',
      }),
    },
    { description: 'Logs: one JSON object a line, on standard error.' },
  ),
  listen: listenOptions,
  listeners: listenersOption,
  components: componentsOption,
  tls: tlsOptions,
  passwords: passwordOptions,
  presence: presenceOptions,
  authorization: authorizationOptions,
  messaging: messagingOptions,
  smtp: smtpOptions,
  xmpp: xmppOptions,
  http: httpOptions,
  sip: sipOptions,
  upload: uploadOptions,
  xcap: xcapOptions,
  overload: overloadOptions,
  admin: adminOptions,
})

type DeepReadonly<T> = T extends readonly unknown[] | ((...args: never[]) => unknown)
  ? T
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T

/** Every option with its value: parsed, checked and frozen. Durations are milliseconds, sizes bytes. */
export type Config = DeepReadonly<Static<typeof configSchema>>
