/** XEP-0455, in a form of XEP-0128. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startXmppSystem } from '../../support/xmpp-system.ts'
import { fieldsOf, formsOf } from './info-forms.ts'

test('a domain says where to look when it cannot be reached', async (t) => {
  const outageUrls = ['https://status.example/xmpp.json', 'https://elsewhere.example/xmpp.json']
  const system = await startXmppSystem(t, { config: { outageUrls } })
  await using alice = await system.connect('alice')
  const [form] = await formsOf(alice, 'corp.example')
  assert.deepEqual(fieldsOf(form), {
    FORM_TYPE: ['urn:xmpp:sos:0'],
    'external-status-addresses': outageUrls,
  })
})
