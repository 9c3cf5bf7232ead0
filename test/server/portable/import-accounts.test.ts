/** XEP-0227, as other servers write it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requireJid } from '../../../src/core/address.ts'
import { Mailbox } from '../../../src/core/messaging/mailbox.ts'
import { Sessions } from '../../../src/core/sessions.ts'
import { ScramHasher } from '../../../src/directory/scram.ts'
import { exportAccounts } from '../../../src/server/portable/export-accounts.ts'
import { importAccounts } from '../../../src/server/portable/import-accounts.ts'
import { grants, offlineStore } from '../../../src/server/stores.ts'
import { silentLog as log } from '../../../src/util/log.ts'
import { blockedBy } from '../../../src/xmpp/modules/blocking.ts'
import { testAccess } from '../../support/access.ts'
import { eachDatabase, type OpenDatabase } from '../../support/databases.ts'
import { openTestDirectory } from '../../support/directory.ts'

const anna = requireJid('anna@corp.example').bare
const ben = requireJid('ben@corp.example').bare
const OPTIONS = {
  ...{ dryRun: false, overwrite: false, signal: new AbortController().signal },
  ...{ maxVcardSize: 1000, maxPrivateData: 1000 },
}

type Context = Parameters<OpenDatabase>[0]

async function openRig(t: Context, open: OpenDatabase) {
  const { database, directory, clock } = await openTestDirectory(t, open)
  const access = testAccess({ clock, log, sameSystem: 'allow', grants: grants(directory.contacts) })
  const offline = await offlineStore(database.kysely, 2)
  const sessions = new Sessions()
  const mailbox = new Mailbox({ sessions, offline, clock, log, mayReach: () => true })
  const deps = { database, directory, access, messaging: { mailbox }, log }
  const take = (text: string, options = {}) =>
    importAccounts(deps, source(text), { ...OPTIONS, ...options })
  const write = async () => (await Array.fromAsync(exportAccounts(deps))).join('')
  return { ...deps, mailbox, take, write }
}

async function* source(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text)
}

function file(...users: string[]): string {
  return `<server-data xmlns='urn:xmpp:pie:0'><host jid='corp.example'>${users.join('')}</host></server-data>`
}

async function scramOf(password: string) {
  const keys = await new ScramHasher().keys('SCRAM-SHA-1', password)
  return {
    salt: keys.salt.toString('base64'),
    server: keys.serverKey.toString('base64'),
    stored: keys.storedKey.toString('base64'),
  }
}

eachDatabase((_kind, open) => {
  test('what Prosody writes', async (t) => {
    const rig = await openRig(t, open)
    const { salt, server, stored } = await scramOf('pencil')
    const report = await rig.take(
      file(`<user name='anna' xmlns:p='http://prosody.im/protocol/extended-xep0227' p:role='x'>
<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><server-key>${server}</server-key>
<stored-key>${stored}</stored-key><iter-count>10000</iter-count><salt>${salt}</salt></scram-credentials>
<query xmlns='jabber:iq:roster' version='7'><item jid='romeo@montague.example' subscription='both' name='Romeo'>
<group>Friends</group></item><item jid='tom@montague.example' subscription='none' ask='subscribe'/></query>
<presence from='paris@montague.example' type='subscribe'/>
<vCard xmlns='vcard-temp'><FN>Anna Ö</FN></vCard>
<pubsub xmlns='http://jabber.org/protocol/pubsub#owner'/><archive xmlns='urn:xmpp:pie:0#mam'/></user>`),
    )
    assert.deepEqual(report, {
      ...{ added: 1, updated: 0, unchanged: 0, failed: 0, problems: [], problemsTotal: 0 },
      skipped: [
        { section: '{http://jabber.org/protocol/pubsub#owner}pubsub', count: 1 },
        { section: '{urn:xmpp:pie:0#mam}archive', count: 1 },
      ],
    })
    assert.equal(await rig.directory.verifyPassword(anna, 'pencil'), true)
    assert.equal((await rig.directory.user(anna))?.name, 'Anna Ö')
    const { items } = await rig.directory.contacts.get(anna)
    const contacts = [...items.values()].map(
      ({ contact, subscription, pendingOut, pendingIn, inRoster }) =>
        [contact, subscription, pendingOut, pendingIn, inRoster].join(' '),
    )
    assert.deepEqual(contacts.sort(), [
      'paris@montague.example none false true false',
      'romeo@montague.example both false false true',
      'tom@montague.example none true false true',
    ])
    const text = await rig.write()
    assert.ok(
      text.includes(
        `<presence xmlns='jabber:client' from='paris@montague.example' type='subscribe' to='${anna}'/>`,
      ),
      text,
    )
  })

  test('what ejabberd writes, with its passwords, messages and privacy lists', async (t) => {
    const rig = await openRig(t, open)
    const { salt, server, stored } = await scramOf('paper')
    const report = await rig.take(
      file(
        `<user name='anna' password='scram:${stored},${server},${salt},10000'/>`,
        `<user name='ben' password='plain'><offline-messages><message xmlns='jabber:client' from='anna@corp.example/x'
to='ben@corp.example' type='chat'><body>Hi</body><delay xmlns='urn:xmpp:delay' from='corp.example'
stamp='2020-01-02T03:04:05Z'/></message></offline-messages>
<query xmlns='jabber:iq:privacy'><default name='d'/><list name='d'><item type='jid' value='bad.example' action='deny' order='1'/>
<item action='allow' order='2'/></list></query></user>`,
      ),
    )
    assert.equal(report.problemsTotal, 0)
    assert.deepEqual(report.skipped, [{ section: '{jabber:iq:privacy}item', count: 1 }])
    assert.equal(await rig.directory.verifyPassword(anna, 'paper'), true)
    assert.equal(await rig.directory.verifyPassword(ben, 'plain'), true)
    assert.deepEqual([...blockedBy(rig.access, ben)], ['bad.example'])
    const [[kept] = []] = await Array.fromAsync(rig.mailbox.read(ben))
    assert.equal(kept?.message.body, 'Hi')
    assert.equal(kept?.message.delayedSince, Date.UTC(2020, 0, 2, 3, 4, 5))
    assert.ok(!(await rig.write()).includes('plain'))
  })

  test('what is wrong is told, and the rest is taken', async (t) => {
    const rig = await openRig(t, open)
    const message = `<message xmlns='jabber:client' from='x@y'><body>1</body></message>`
    const report = await rig.take(
      `${file(
        `<user/>`,
        `<user name='a b'/>`,
        `<user name='anna' password=''><query xmlns='jabber:iq:roster'><item jid='@'/><item jid='x@y' subscription='all'/>
<item jid='ok@y'/></query><scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-1'><salt>x</salt></scram-credentials>
<offline-messages>${message.repeat(3)}</offline-messages><vCard xmlns='vcard-temp'><NOTE>${'n'.repeat(1000)}</NOTE></vCard>
<query xmlns='jabber:iq:private'><bare xmlns=''/><a xmlns='urn:a'>${'a'.repeat(1000)}</a></query></user>`,
      ).replace('</server-data>', '')}<host jid='else.example'><user name='zoe'/></host><host`,
    )
    assert.deepEqual(
      { ...report, problems: [] },
      {
        ...{ added: 1, updated: 0, unchanged: 0, failed: 3, problems: [], problemsTotal: 11 },
        skipped: [],
      },
    )
    assert.deepEqual(
      report.problems.map(({ account, code }) => `${account} ${code}`),
      [
        '@corp.example BAD_ACCOUNT',
        'a b@corp.example BAD_ACCOUNT',
        ...Array.from({ length: 4 }, () => `${anna} BAD_PART`),
        `${anna} BAD_PART`,
        `${anna} TOO_MUCH_DATA`,
        `${anna} MAILBOX_FULL`,
        'zoe@else.example NO_SUCH_DOMAIN',
        ' BAD_XML',
      ],
    )
    assert.equal((await rig.directory.contacts.get(anna)).items.size, 1)
    assert.equal(await rig.mailbox.count(anna), 2)
  })

  test('who exists is left as he is, unless the file is to count', async (t) => {
    const rig = await openRig(t, open)
    await rig.directory.addUser({ account: anna, password: 'old', name: 'Old' })
    const text = file(
      `<user name='anna' password='new'><vCard xmlns='vcard-temp'><FN>New</FN></vCard></user>`,
    )
    for (const options of [{}, { overwrite: true, dryRun: true }]) {
      const report = await rig.take(text, options)
      assert.equal(report.unchanged + report.updated, 1)
      assert.equal(await rig.directory.verifyPassword(anna, 'old'), true)
      assert.equal(await rig.directory.personal.vcard(anna), undefined)
    }
    assert.equal((await rig.take(text, { overwrite: true })).updated, 1)
    assert.equal(await rig.directory.verifyPassword(anna, 'new'), true)
    assert.equal((await rig.directory.user(anna))?.name, 'New')
  })
})
