"""Debian's aiosmtpd as a mail server that a test steers: options as JSON in the first argument, one JSON event a line on
standard output (`ready` with the port, `mail` for each that it took), commands on standard input: `answer` sets what is
said to RCPT (`rcpt`) and to DATA (`data`), `quit` ends it."""

import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


def say(**event):
    print(json.dumps(event), flush=True)


class Handler:
    def __init__(self):
        self.rcpt = None
        self.data = None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.rcpt:
            say(event="refused", at="rcpt", address=address)
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            say(event="refused", at="data")
            return self.data
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        say(event="mail", tls=server.transport.get_extra_info("ssl_object") is not None, user=getattr(session, "user", None),
            envelope_from=envelope.mail_from, envelope_to=envelope.rcpt_tos, type=mail.get_content_type(),
            headers={name.lower(): str(value) for name, value in mail.items()},
            text=mail.get_content(), raw=envelope.content.decode("ascii", "replace"))
        return "250 OK"


async def main():
    options = json.loads(sys.argv[1])
    context = None
    if options.get("cert"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])
    implicit = options.get("implicit", False)
    handler = Handler()
    loop = asyncio.get_running_loop()

    def authenticate(server, session, envelope, mechanism, data):
        good = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == options["auth"]
        if good:
            session.user = data.login.decode()
        return AuthResult(success=good, handled=False)

    def connection():
        auth = {"authenticator": authenticate, "auth_required": True} if options.get("auth") else {}
        return SMTP(handler, loop=loop, hostname="mail.test", tls_context=None if implicit else context,
                    require_starttls=bool(options.get("require_starttls")), auth_require_tls=not implicit, **auth)

    server = await loop.create_server(connection, "127.0.0.1", options.get("port", 0), ssl=context if implicit else None)
    say(event="ready", port=server.sockets[0].getsockname()[1])
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        if command["command"] == "quit":
            return
        handler.rcpt = command.get("rcpt")
        handler.data = command.get("data")
        say(event="answering")


asyncio.run(main())
