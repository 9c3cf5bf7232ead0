/** Debian’s slixmpp writes to many and answers to all: XEP-0033 by a client of others. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { startTestServer } from '../support/server.ts'
import { DrivenClient } from './drivers/driven-client.ts'

const SCRIPT = new URL('./drivers/slixmpp_multicast.py', import.meta.url).pathname
const at = (type: string, user: string) => ({ type, jid: `${user}@localhost` })
const had = (type: string, user: string) => ({ ...at(type, user), delivered: true })

it('slixmpp finds the service, writes to many, and three answer to all in one thread', async () => {
  await using server = await startTestServer({ args: ['--demo'] })
  const connect = async (user: string) => {
    const options = {
      jid: `${user}@localhost`,
      password: server.demoPassword,
      port: server.port('xmpp'),
      ca: join(server.data, 'tls', 'ca.pem'),
    }
    const client = new DrivenClient('/usr/bin/python3', [SCRIPT, JSON.stringify(options)])
    assert.equal((await client.expect('service')).jid, 'multicast.localhost')
    return client
  }
  await using alice = await connect('alice')
  await using bob = await connect('bob')
  await using carol = await connect('carol')
  await using dave = await connect('dave')

  const addresses = [at('to', 'bob'), at('cc', 'carol'), at('bcc', 'dave')]
  alice.tell('write', { addresses, body: 'Lunch?', thread: 'T' })
  const seen = [had('to', 'bob'), had('cc', 'carol')]
  const said = { event: 'message', sender: 'alice@localhost', body: 'Lunch?', thread: 'T' }
  assert.deepEqual(await bob.expect('message'), { ...said, addresses: seen })
  assert.deepEqual(await carol.expect('message'), { ...said, addresses: seen })
  const blind = { ...at('bcc', 'dave'), delivered: false }
  assert.deepEqual(await dave.expect('message'), { ...said, addresses: [...seen, blind] })

  bob.tell('answer', { body: 'Yes' })
  const yes = { event: 'message', sender: 'bob@localhost', body: 'Yes', thread: 'T' }
  const answered = { ...yes, addresses: [had('cc', 'carol'), had('to', 'alice')] }
  assert.deepEqual(await alice.expect('message'), answered)
  assert.deepEqual(await carol.expect('message'), answered)
  carol.tell('answer', { body: 'Me too' })
  for (const client of [alice, bob]) {
    const heard = await client.expect('message')
    assert.deepEqual([heard.body, heard.thread], ['Me too', 'T'])
  }
  assert.deepEqual(dave.seen('message'), [], 'a blind recipient is in no answer')
})
