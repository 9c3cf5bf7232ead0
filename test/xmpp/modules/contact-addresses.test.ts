/** XEP-0157, in forms of XEP-0128. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIG, startXmppSystem } from '../../support/xmpp-system.ts'
import { fieldsOf, formsOf } from './info-forms.ts'

test('a domain says whom to write to, where the operator does', async (t) => {
  const contactAddresses = {
    ...CONFIG.contactAddresses,
    abuse: ['mailto:abuse@corp.example', 'xmpp:abuse@corp.example'],
    status: ['https://status.corp.example/'],
  }
  const system = await startXmppSystem(t, { config: { contactAddresses } })
  await using alice = await system.connect('alice')
  for (const domain of ['corp.example', 'west.example']) {
    const [form, ...more] = await formsOf(alice, domain)
    assert.deepEqual(fieldsOf(form), {
      FORM_TYPE: ['http://jabber.org/network/serverinfo'],
      'abuse-addresses': ['mailto:abuse@corp.example', 'xmpp:abuse@corp.example'],
      'status-addresses': ['https://status.corp.example/'],
    })
    assert.deepEqual(more, [])
  }
})

test('there is no form where there is nothing to say', async (t) => {
  const system = await startXmppSystem(t)
  await using alice = await system.connect('alice')
  assert.deepEqual(await formsOf(alice, 'corp.example'), [])
})
