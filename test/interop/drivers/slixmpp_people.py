"""As slixmpp_client.py, for what the server keeps and tells of people. More commands: vcard, set_vcard, time, last, block,
unblock, blocked_list, active, inactive, commands, change_password. A refusal has its condition in the event.
More options: `register` makes the account first (XEP-0077); `resume` comes back where a connection breaks (XEP-0198)."""

import asyncio

from slixmpp.exceptions import IqError

from slixmpp_client import Client, main


class PeopleClient(Client):
    def __init__(self, options):
        super().__init__(options)
        for plugin in ("xep_0012", "xep_0050", "xep_0054", "xep_0077", "xep_0191", "xep_0202", "xep_0352"):
            self.register_plugin(plugin)
        self.add_event_handler("blocked", lambda iq: self.say(event="blocked", jids=self.jids(iq["block"])))
        self.add_event_handler("unblocked", lambda iq: self.say(event="unblocked", jids=self.jids(iq["unblock"])))
        if options.get("register"):
            # Or this version keeps the request until it has signed in, which it cannot without.
            self._always_send_everything = True
            self.add_event_handler("register", self.on_register)
        if options.get("resume"):
            self.register_plugin("xep_0198")
            self.add_event_handler("sm_enabled", lambda _: self.say(event="sm_enabled"))
            self.add_event_handler("sm_failed", lambda _: self.say(event="sm_failed"))
            self.add_event_handler("session_resumed", lambda _: self.say(event="resumed"))
            self.add_event_handler("disconnected", lambda _: self.connect(address=self.address))

    @staticmethod
    def jids(element):
        return sorted(str(jid) for jid in element["items"])

    async def on_register(self, form):
        request = self.make_iq_set(ito=self.boundjid.host)
        request["register"]["username"] = self.boundjid.user
        request["register"]["password"] = self.password
        try:
            await request.send()
            self.say(event="registered", fields=sorted(form["register"]["fields"]))
        except IqError as error:
            self.say(event="refused", condition=error.condition)

    async def obey(self, command):
        try:
            answer = await self.ask(command["command"], command)
        except IqError as error:
            self.say(event="refused", condition=error.condition)
            return
        if answer is None:
            await super().obey(command)
        else:
            self.say(event=command["command"], **answer)

    async def ask(self, name, command):
        to = command.get("to")
        if name == "vcard":
            card = (await self["xep_0054"].get_vcard(to, local=False))["vcard_temp"]
            return {"name": card["FN"]}
        if name == "set_vcard":
            card = self["xep_0054"].make_vcard()
            card["FN"] = command["name"]
            await self["xep_0054"].publish_vcard(card)
            return {}
        if name == "time":
            time = (await self["xep_0202"].get_entity_time(to))["entity_time"]
            # Its own readers do not understand what XEP-0082 allows.
            return {"utc": time.xml.findtext("{urn:xmpp:time}utc"), "tzo": time.xml.findtext("{urn:xmpp:time}tzo")}
        if name == "last":
            last = (await self["xep_0012"].get_last_activity(to))["last_activity"]
            return {"seconds": last["seconds"], "status": last["status"]}
        if name in ("block", "unblock"):
            await getattr(self["xep_0191"], name)(command["jids"])
            return {}
        if name == "blocked_list":
            return {"jids": self.jids((await self["xep_0191"].get_blocked())["blocklist"])}
        if name in ("active", "inactive"):
            getattr(self["xep_0352"], "send_" + name)()
            return {}
        if name == "commands":
            items = (await self["xep_0050"].get_commands(to))["disco_items"]["items"]
            return {"nodes": sorted(node for _, node, _ in items)}
        if name == "change_password":
            await self["xep_0077"].change_password(command["password"], jid=self.boundjid.host)
            return {}
        return None


asyncio.run(main(PeopleClient))
