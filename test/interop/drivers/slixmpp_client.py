"""A slixmpp client that a test steers: one JSON command a line on standard input, one JSON event a line on
standard output. Commands: presence, subscribe, subscribed, message, state, carbons, roster, set_item, remove_item, iq, quit."""

import asyncio
import json
import logging
import os
import sys

import slixmpp


class Client(slixmpp.ClientXMPP):
    def __init__(self, options):
        mechanism = options.get("mechanism")
        super().__init__(options["jid"], options["password"], sasl_mech=mechanism)
        self.ca_certs = options["ca"]
        self.certfile = options.get("certfile")
        self.keyfile = options.get("keyfile")
        self.auto_authorize = options.get("auto_authorize")
        self.auto_subscribe = False
        for plugin in ("xep_0030", "xep_0085", "xep_0092", "xep_0184", "xep_0199", "xep_0203", "xep_0280"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("failed_auth", lambda _: self.say(event="failed_auth"))
        self.add_event_handler("disconnected", lambda reason: self.say(event="disconnected", reason=str(reason)))
        self.add_event_handler("message", self.on_message)
        self.add_event_handler("message_error", self.on_message_error)
        # slixmpp names presence after its <show/>; a test asks for what RFC 6121 calls available.
        for show in ("available", "away", "chat", "dnd", "xa"):
            self.add_event_handler("presence_" + show, lambda stanza: self.on_presence("presence_available", stanza))
        for name in ("presence_unavailable", "presence_subscribe", "presence_subscribed",
                     "presence_unsubscribe", "presence_unsubscribed", "presence_error"):
            self.add_event_handler(name, lambda stanza, name=name: self.on_presence(name, stanza))
        self.add_event_handler("roster_update", self.on_roster)
        self.add_event_handler("chatstate", lambda stanza: self.say(
            event="state", sender=str(stanza["from"]), state=stanza["chat_state"]))
        self.add_event_handler("receipt_received", lambda stanza: self.say(
            event="receipt", sender=str(stanza["from"]), id=stanza["receipt"]))
        for direction in ("received", "sent"):
            self.add_event_handler("carbon_" + direction, lambda stanza, name="carbon_" + direction:
                                   self.on_carbon(name, stanza[name]))

    @staticmethod
    def say(**event):
        print(json.dumps(event), flush=True)

    def on_session(self, _):
        self.say(event="session", jid=str(self.boundjid), mechanism=self["feature_mechanisms"].mech.name)

    def on_message(self, stanza):
        delay = stanza.xml.find("{urn:xmpp:delay}delay")
        self.say(event="message", sender=str(stanza["from"]), type=stanza["type"], body=stanza["body"],
                 thread=stanza["thread"], delayed=None if delay is None else delay.get("stamp"))

    def on_carbon(self, name, stanza):
        self.say(event=name, sender=str(stanza["from"]), to=str(stanza["to"]), body=stanza["body"])

    def on_message_error(self, stanza):
        self.say(event="message_error", sender=str(stanza["from"]), condition=stanza["error"]["condition"])

    def on_presence(self, name, stanza):
        self.say(event=name, sender=str(stanza["from"]), show=stanza["show"], status=stanza["status"],
                 priority=stanza["priority"])

    def on_roster(self, stanza):
        items = {str(jid): {"subscription": item["subscription"], "name": item["name"], "groups": item["groups"]}
                 for jid, item in stanza["roster"]["items"].items()}
        self.say(event="roster", items=items)

    async def obey(self, command):
        name = command.pop("command")
        if name == "presence":
            self.send_presence(**{"p" + key: value for key, value in command.items()})
        elif name in ("subscribe", "subscribed", "unsubscribe", "unsubscribed"):
            self.send_presence(pto=command["to"], ptype=name)
        elif name == "message":
            stanza = self.make_message(command["to"], command["body"], mtype=command.get("type", "chat"))
            if command.get("thread"):
                stanza["thread"] = command["thread"]
            if command.get("receipt"):
                stanza["request_receipt"] = True
            stanza.send()
            self.say(event="said", id=stanza["id"])
        elif name == "state":
            stanza = self.make_message(command["to"], mtype="chat")
            stanza["chat_state"] = command["state"]
            stanza.send()
        elif name == "carbons":
            enable = self["xep_0280"].enable if command["on"] else self["xep_0280"].disable
            self.say(event="done", command=name, result=(await enable())["type"])
        elif name == "roster":
            await self.get_roster()
        elif name == "set_item":
            await self.update_roster(command["jid"], name=command.get("name"), groups=command.get("groups", []))
            self.say(event="done", command=name)
        elif name == "remove_item":
            await self.del_roster_item(command["jid"])
            self.say(event="done", command=name)
        elif name == "ping":
            self.say(event="pong", seconds=await self["xep_0199"].ping(command.get("to")))
        elif name == "disco":
            info = await self["xep_0030"].get_info(jid=command["to"])
            self.say(event="disco", features=sorted(info["disco_info"]["features"]),
                     identities=[list(one)[:2] for one in info["disco_info"]["identities"]])
        elif name == "version":
            reply = await self["xep_0092"].get_version(command["to"])
            self.say(event="version", name=reply["software_version"]["name"])
        elif name == "quit":
            await self.disconnect()
        else:
            raise ValueError(name)


async def main(kind=Client):
    options = json.loads(sys.argv[1])
    logging.basicConfig(level=os.environ.get("SLIXMPP_LOG", "CRITICAL"))
    client = kind(options)
    client.connect(address=("127.0.0.1", options["port"]), use_ssl=options.get("direct_tls", False))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        last = command["command"] == "quit"
        try:
            await client.obey(command)
        except Exception as error:  # the test decides what an error means
            client.say(event="error", error=repr(error))
        if last:
            return


if __name__ == "__main__":
    asyncio.run(main())
