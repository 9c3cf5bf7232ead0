"""A slixmpp client that shares a file (XEP-0363) and loads it again, and says what it saw: one JSON event a line."""

import asyncio
import hashlib
import json
import os
import sys

OPTIONS = json.loads(sys.argv[1])
# What aiohttp trusts.
os.environ["SSL_CERT_FILE"] = OPTIONS["ca"]

import aiohttp  # noqa: E402
import slixmpp  # noqa: E402
from slixmpp.exceptions import IqError  # noqa: E402


def say(**event):
    print(json.dumps(event), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__(OPTIONS["jid"], OPTIONS["password"])
        self.ca_certs = OPTIONS["ca"]
        for plugin in ("xep_0030", "xep_0128", "xep_0363"):
            self.register_plugin(plugin)
        self.add_event_handler("session_start", self.on_session)
        self.add_event_handler("failed_auth", lambda _: say(event="failed_auth"))

    async def on_session(self, _):
        try:
            await self.share()
        except Exception as error:  # the test decides what an error means
            say(event="error", error=repr(error))
        await self.disconnect()

    async def share(self):
        upload = self["xep_0363"]
        service = await self.find_service()
        info = service["disco_info"]
        say(event="service", jid=str(service["from"]), features=sorted(info["features"]))
        upload.upload_service = service["from"]
        for form in info.iterables:
            upload.max_file_size = int(form["values"]["max-file-size"])
        url = await upload.upload_file(OPTIONS["file"])
        say(event="uploaded", url=url, max=upload.max_file_size)
        async with aiohttp.ClientSession() as session:
            async with session.get(url) as answer:
                digest = hashlib.sha256(await answer.read()).hexdigest()
                say(event="downloaded", status=answer.status, digest=digest, type=answer.content_type,
                    name=answer.content_disposition.filename, disposition=answer.content_disposition.type)
        try:
            await upload.request_slot(service["from"], "large", upload.max_file_size + 1)
        except IqError as refused:
            limit = refused.iq.xml.find(".//{urn:xmpp:http:upload:0}max-file-size")
            say(event="refused", condition=refused.condition, limit=limit.text)


    async def find_service(self):
        # slixmpp 1.8.3 has a function for this that Python 3.11 refuses to run.
        disco = self["xep_0030"]
        items = await disco.get_items(jid=self.boundjid.domain)
        for jid, _, _ in items["disco_items"]["items"]:
            info = await disco.get_info(jid=jid)
            if ("store", "file") in [identity[:2] for identity in info["disco_info"]["identities"]]:
                return info


async def main():
    client = Client()
    client.connect(address=("127.0.0.1", OPTIONS["port"]))
    await client.disconnected


asyncio.run(main())
