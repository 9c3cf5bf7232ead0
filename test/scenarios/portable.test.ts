/** Accounts that move from one server to another (XEP-0227), over real sockets and the command line. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { askHere, doneBy } from '../cli/rig.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const DOMAIN = 'example.org'
const ANNA = `anna@${DOMAIN}`
const BEN = `ben@${DOMAIN}`
const PASSWORD = 'pencil & paper'

async function start(t: { after(work: () => Promise<void>): void }): Promise<TestServer> {
  const server = await startTestServer({ args: ['--set', `domains=${DOMAIN}`] })
  t.after(() => server[Symbol.asyncDispose]())
  return server
}

async function heliograph(server: TestServer, line: string): Promise<string> {
  return doneBy(line, await askHere(server.data, line))
}

function signIn(server: TestServer, jid: string, mechanism = 'SCRAM-SHA-256'): Promise<XmppClient> {
  const connect = { port: server.port('xmppTls'), direct: true }
  return XmppClient.signIn(connect, { jid, password: PASSWORD, mechanism })
}

test('people take everything along, and sign in with the password that they have', async (t) => {
  using directory = temporaryDirectory()
  const old = await start(t)
  for (const jid of [ANNA, BEN]) {
    const password = join(directory.path, 'password')
    writeFileSync(password, PASSWORD)
    await heliograph(old, `user add ${jid} --name Name --password-file ${password}`)
  }
  await leaveThings(old)

  const file = join(directory.path, 'old.xml')
  assert.equal(await heliograph(old, `export ${file}`), `exported: ${file}\n`)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const text = readFileSync(file, 'utf8')
  for (const part of [
    'SCRAM-SHA-512',
    '<offline-messages>',
    'Later',
    'exodus',
    'Anna B',
    'Friends',
  ]) {
    assert.ok(text.includes(part), part)
  }
  assert.ok(text.includes(`<item jid='spam.example'/>`), text)
  assert.ok(!text.includes(PASSWORD))
  assert.match(await heliograph(old, `export --domain ${DOMAIN} ${file}.2`), /^exported/)
  assert.equal(readFileSync(`${file}.2`, 'utf8'), text)

  const next = await start(t)
  const counts = 'added 2, updated 0, unchanged 0, refused 0\n'
  assert.equal(await heliograph(next, `import ${file} --dry-run`), `dry run: ${counts}`)
  assert.equal(await heliograph(next, `import ${file}`), counts)
  const again = join(directory.path, 'next.xml')
  await heliograph(next, `export ${again}`)
  assert.equal(readFileSync(again, 'utf8'), text)

  assert.equal(
    await heliograph(next, `import ${file}`),
    'added 0, updated 0, unchanged 2, refused 0\n',
  )
  assert.equal(
    await heliograph(next, `import ${file} --overwrite`),
    'added 0, updated 2, unchanged 0, refused 0\n',
  )
  await heliograph(next, `export ${again}`)
  assert.equal(readFileSync(again, 'utf8'), text, 'nothing came twice')

  await using ben = await signIn(next, BEN)
  ben.send('<presence/>')
  const message = await ben.expect(({ name }) => name === 'message')
  assert.equal(message.child('body')?.text(), 'Later')
  assert.ok(message.child('delay', 'urn:xmpp:delay'))
  await using _anna = await signIn(next, ANNA, 'SCRAM-SHA-1')
})

async function leaveThings(server: TestServer): Promise<void> {
  await using anna = await signIn(server, ANNA)
  anna.send('<presence/>')
  const set = async (payload: string) => {
    const answer = await anna.iq('set', payload)
    assert.equal(answer.attr('type'), 'result', String(answer))
  }
  await set(
    `<query xmlns='jabber:iq:roster'><item jid='${BEN}' name='Ben &amp; co'><group>Friends</group></item></query>`,
  )
  await set(`<vCard xmlns='vcard-temp'><FN>Anna B</FN></vCard>`)
  await set(
    `<query xmlns='jabber:iq:private'><exodus xmlns='exodus:prefs'><nick>A</nick></exodus></query>`,
  )
  await set(`<block xmlns='urn:xmpp:blocking'><item jid='spam.example'/></block>`)
  anna.send(`<presence type='subscribe' to='${BEN}'/>`)
  anna.send(
    `<message to='${BEN}' type='chat' id='m1'><body>Later</body><x xmlns='urn:x'/></message>`,
  )
  await anna.settle()
}
