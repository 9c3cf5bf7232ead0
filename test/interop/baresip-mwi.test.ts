/** baresip shows that messages wait (RFC 3842), in a mailbox that somebody publishes. */
import { it } from 'node:test'
import { Baresip } from './drivers/baresip.ts'
import { Sipp } from './drivers/sipp.ts'
import { PASSWORD, startWithPeople } from './people.ts'

it('baresip is told of voicemail', async (t) => {
  const server = await startWithPeople(t, ['alice', 'bob'])
  const port = server.port('sipUdp')
  const transport = 'udp'
  const bob = await Baresip.start({
    ...{ user: 'bob', domain: 'example.com', password: PASSWORD, transport, port },
  })
  t.after(() => bob[Symbol.asyncDispose]())
  await bob.saw(/SUBSCRIBE sip:bob@example\.com[\s\S]*Event: message-summary/)
  await bob.saw(/Messages-Waiting: no/)
  const voicemail = await Sipp.start({
    ...{ scenario: 'package-publish', transport, port, to: 'bob', user: 'bob', password: PASSWORD },
    keys: {
      domain: 'example.com',
      event: 'message-summary',
      type: 'application/simple-message-summary',
      document: 'Messages-Waiting: yes\r\nVoice-Message: 2/8 (0/2)\r\n',
    },
  })
  t.after(() => voicemail[Symbol.asyncDispose]())
  await voicemail.done()
  await bob.saw(/Messages-Waiting: yes\s+Voice-Message: 2\/8 \(0\/2\)/)
})
