/** RFC 5627 §4.3, §6.1: a client shows its GRUU as Contact, and is reached by it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContacts } from '../../src/sip/message/values.ts'
import { Phone, startSipSystem } from '../support/sip-system.ts'

const INSTANCE = '"<urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6>"'

for (const transport of ['udp', 'tcp'] as const) {
  for (const kind of ['pub-gruu', 'temp-gruu'] as const) {
    test(`a watcher with his ${kind} as Contact gets his NOTIFYs, over ${transport}`, async (t) => {
      const system = await startSipSystem(t)
      const bob = await Phone.open(t, system, 'bob', transport)
      const registered = await bob.send('REGISTER', {
        uri: 'sip:example.com',
        to: '<sip:bob@example.com>',
        contact: `${bob.contact};+sip.instance=${INSTANCE}`,
        headers: [['Supported', 'gruu']],
      })
      const contacts = parseContacts(registered.headers.getAll('Contact'))
      const gruu = contacts !== '*' && contacts?.[0]?.params.get(kind)
      assert.ok(gruu)

      const subscribed = await bob.send('SUBSCRIBE', {
        uri: 'sip:alice@example.com',
        contact: `<${gruu}>`,
        headers: [['Event', 'presence']],
      })
      assert.equal(subscribed.status, 200)
      const told = await bob.got('NOTIFY')
      assert.match(told.body.toString(), /entity="sip:alice@example.com"/)
      // By a connection of his own nobody has to look for him; else the registrar knows, also when he has moved.
      assert.equal(`<${told.uri}>`, transport === 'udp' ? bob.contact : `<${gruu}>`)

      const behindProxy = await bob.send('SUBSCRIBE', {
        uri: 'sip:carol@example.com',
        contact: `<${gruu}>`,
        headers: [
          ['Event', 'presence'],
          ['Via', 'SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKbehind'],
        ],
      })
      assert.equal(behindProxy.status, 200)
      const found = await bob.got('NOTIFY', ({ body }) => body.includes('sip:carol@example.com'))
      assert.equal(`<${found.uri}>`, bob.contact)
    })
  }
}
