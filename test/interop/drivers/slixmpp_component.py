"""A component made with slixmpp (XEP-0114) that repeats what it is told: HOST PASSWORD PORT."""
import sys

from slixmpp.componentxmpp import ComponentXMPP

host, password, port = sys.argv[1:4]


class Echo(ComponentXMPP):
    def message(self, event):
        event.reply(event["body"]).send()


echo = Echo(host, password, "127.0.0.1", int(port))
echo.add_event_handler("message", echo.message)
echo.add_event_handler("session_start", lambda _event: print("connected", flush=True))
echo.connect()
echo.process()
