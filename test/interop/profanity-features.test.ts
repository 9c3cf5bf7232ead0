/** profanity: what it does beside presence and talk. The demo's Alice has it open, and another client too. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { type DrivenClient, slixmpp } from './drivers/driven-client.ts'
import { Terminal } from './drivers/terminal.ts'

const ALICE = 'alice@localhost'
const BOB = 'bob@localhost'

async function client(t: TestContext, server: TestServer, jid: string): Promise<DrivenClient> {
  const made = slixmpp({
    jid,
    password: server.demoPassword,
    port: server.port('xmpp'),
    ca: join(server.data, 'tls', 'ca.pem'),
  })
  t.after(() => made[Symbol.asyncDispose]())
  await made.expect('session')
  made.tell('presence')
  return made
}

/** Alice’s, signed in. */
async function startProfanity(server: TestServer, home: string): Promise<Terminal> {
  const folders = `HOME=${home} XDG_CONFIG_HOME=${home}/config XDG_DATA_HOME=${home}/data`
  const profanity = new Terminal(`env ${folders} LANG=C.UTF-8 profanity`)
  await profanity.shows(/Type '\/help'/)
  profanity.type('/carbons on')
  profanity.type('/receipts send on')
  profanity.type('/receipts request on')
  profanity.type(`/connect ${ALICE}/prof server 127.0.0.1 port ${server.port('xmpp')} tls trust`)
  await profanity.shows(/password/i)
  profanity.type(server.demoPassword)
  await profanity.shows(/alice@localhost.* logged in successfully/)
  return profanity
}

it('profanity gets copies, gives receipts, shares a file, blocks, and asks what there is', async (t) => {
  const args = ['--demo', '--set', `xmpp.admins=${ALICE}`]
  const server = await startTestServer({ args })
  t.after(() => server[Symbol.asyncDispose]())
  using home = temporaryDirectory()
  using alice = await startProfanity(server, home.path)
  const other = await client(t, server, `${ALICE}/other`)
  const bob = await client(t, server, `${BOB}/slix`)
  const fromProfanity = ({ sender }: Readonly<Record<string, unknown>>) =>
    sender === `${ALICE}/prof`
  await bob.expect('presence_available', fromProfanity)

  // XEP-0280: what the other client gets and sends.
  bob.tell('message', { to: `${ALICE}/other`, body: 'Free for lunch?' })
  await bob.expect('said')
  await alice.shows(/<< chat message: Bob\/slix \(win 2\)/)
  alice.type('/win 2')
  await alice.shows(/Free for lunch\?/)
  other.tell('message', { to: `${BOB}/slix`, body: 'In ten minutes' })
  await alice.shows(/In ten minutes/)

  // XEP-0184.
  bob.tell('message', { to: `${ALICE}/prof`, body: 'Where?', receipt: true })
  const { id } = await bob.expect('said')
  assert.equal((await bob.expect('receipt', fromProfanity)).id, id)

  // XEP-0363.
  const file = join(home.path, 'menu.txt')
  writeFileSync(file, 'Soup\n')
  alice.type(`/sendfile ${file}`)
  await bob.expect('message', ({ body }) => /^https:.*\/menu\.txt$/.test(String(body)))

  alice.type('/win 1')
  // XEP-0050, XEP-0030 and XEP-0199.
  alice.type('/cmd list localhost')
  await alice.shows(/http:\/\/jabber\.org\/protocol\/admin#add-user/)
  alice.type('/disco info localhost')
  await alice.shows(/urn:xmpp:carbons:2/)
  alice.type('/ping')
  await alice.shows(/Ping response from server/)

  // XEP-0191.
  alice.type(`/blocked add ${BOB}`)
  await bob.expect('presence_unavailable', fromProfanity)
  bob.tell('message', { to: ALICE, body: 'Hello?' })
  await bob.expect('message_error')
})
