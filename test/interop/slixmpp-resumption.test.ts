/** Debian’s slixmpp: a session that goes on after its connection broke (XEP-0198). */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { it } from 'node:test'
import { Cuttable } from './drivers/cuttable.ts'
import { slixmpp } from './drivers/driven-client.ts'
import { PASSWORD, signedIn, startWithPeople } from './people.ts'

const ROMEO = 'romeo@example.com'
const JULIET = 'juliet@example.com'

it('slixmpp resumes its session where the connection was cut', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet'])
  const cable = await Cuttable.to(t, server.port('xmpp'))
  const options = {
    jid: `${ROMEO}/phone`,
    password: PASSWORD,
    port: cable.port,
    ca: join(server.data, 'tls', 'ca.pem'),
    resume: true,
  }
  const romeo = slixmpp(options, 'slixmpp_people.py')
  t.after(() => romeo[Symbol.asyncDispose]())
  await romeo.expect('sm_enabled')
  await romeo.expect('session')
  romeo.tell('presence')
  const juliet = await signedIn(t, server, 'juliet')
  juliet.tell('presence')
  juliet.tell('subscribe', { to: ROMEO })
  await juliet.expect('presence_available', ({ sender }) => sender === `${ROMEO}/phone`)

  for (const words of ['first', 'second']) {
    cable.cut()
    juliet.tell('message', { to: `${ROMEO}/phone`, body: `the ${words} time` })
    await romeo.expect('resumed')
    assert.equal((await romeo.expect('message')).body, `the ${words} time`)
    romeo.tell('message', { to: `${JULIET}/slix`, body: `heard the ${words}` })
    assert.equal((await juliet.expect('message')).body, `heard the ${words}`)
  }
  // Nobody saw him go, and he has not begun another session.
  assert.deepEqual(juliet.seen('presence_unavailable'), [])
  assert.deepEqual([...romeo.seen('session'), ...romeo.seen('message')], [])
})
