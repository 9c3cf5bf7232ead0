"""A slixmpp client that writes to many (XEP-0033) and answers to all, and says what it saw: one JSON event a line."""

import asyncio
import json
import sys

import slixmpp

OPTIONS = json.loads(sys.argv[1])
ADDRESS = "http://jabber.org/protocol/address"


def say(**event):
    print(json.dumps(event), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(OPTIONS["jid"], OPTIONS["password"])
        self.ca_certs = OPTIONS["ca"]
        self.service = None
        self.last = None
        for plugin in ("xep_0030", "xep_0033"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("message", self.on_message)

    async def on_session(self, _):
        self.send_presence()
        self.service = await self.find_service()
        say(event="service", jid=str(self.service))
        await self.obey()

    async def find_service(self):
        # XEP-0033 §2.2: the domain itself comes first; what is beside it is what this test is about.
        disco = self["xep_0030"]
        items = await disco.get_items(jid=self.boundjid.domain)
        for jid, _, _ in items["disco_items"]["items"]:
            info = await disco.get_info(jid=jid)
            if ADDRESS in info["disco_info"]["features"]:
                return jid

    def on_message(self, message):
        self.last = message
        seen = [
            {"type": address["type"], "jid": str(address["jid"]), "delivered": bool(address["delivered"])}
            for address in message["addresses"]["addresses"]
        ]
        say(event="message", sender=message["from"].bare, body=message["body"], thread=message["thread"],
            addresses=seen)

    async def obey(self):
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            command = json.loads(line)
            if command["command"] == "write":
                self.write(command["addresses"], command["body"], command["thread"])
            else:
                self.answer(command["body"])

    def write(self, addresses, body, thread):
        message = self.make_message(self.service, mbody=body, mtype="chat")
        message["thread"] = thread
        for address in addresses:
            message["addresses"].add_address(atype=address["type"], jid=address["jid"])
        message.send()

    def answer(self, body):
        """XEP-0033 §7, rule 4."""
        heard = self.last
        addresses = [
            {"type": address["type"], "jid": str(address["jid"])}
            for address in heard["addresses"]["addresses"]
            if address["jid"].bare != self.boundjid.bare
        ]
        if heard["from"].bare not in [address["jid"] for address in addresses]:
            addresses.append({"type": "to", "jid": heard["from"].bare})
        self.write(addresses, body, heard["thread"])


async def main():
    client = Client()
    client.connect(address=("127.0.0.1", OPTIONS["port"]))
    await client.disconnected


asyncio.run(main())
