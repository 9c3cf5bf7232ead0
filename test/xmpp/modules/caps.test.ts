/** XEP-0115, with the forms of XEP-0128. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import { verification } from '../../../src/xmpp/modules/caps.ts'
import { condition, startXmppSystem } from '../../support/xmpp-system.ts'

const NS_INFO = 'http://jabber.org/protocol/disco#info'
const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 10, maxAttributes: 10 }
const info = (inside: string) =>
  parseDocument(`<query xmlns='${NS_INFO}'>${inside}</query>`, LIMITS)

const FEATURES = `
  <feature var='http://jabber.org/protocol/disco#info'/>
  <feature var='http://jabber.org/protocol/caps'/>
  <feature var='http://jabber.org/protocol/disco#items'/>
  <feature var='http://jabber.org/protocol/muc'/>`

test('the verification string is that of the simple example (XEP-0115 §5.2)', () => {
  const exodus = `<identity category='client' name='Exodus 0.9.1' type='pc'/>${FEATURES}`
  assert.equal(verification(info(exodus)), 'QgayPKawpkPSDYmwT/WM94uAlu0=')
})

test('the verification string is that of the complex example, with a form (XEP-0115 §5.3)', () => {
  const psi = `
    <identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>
    <identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>
    ${FEATURES}
    <x xmlns='jabber:x:data' type='result'>
      <field var='os'><value>Mac</value></field>
      <field var='ip_version'><value>ipv6</value><value>ipv4</value></field>
      <field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>
      <field var='os_version'><value>10.5.1</value></field>
      <field var='software'><value>Psi</value></field>
      <field var='software_version'><value>0.11</value></field>
    </x>`
  assert.equal(verification(info(psi)), 'q07IKJEyjvHSyhy//CH0CxmKi8w=')
})

test('the stream features name capabilities that disco#info bears out', async (t) => {
  const contactAddresses = {
    ...{
      abuse: ['mailto:abuse@corp.example'],
      admin: ['xmpp:b@corp.example', 'xmpp:a@corp.example'],
    },
    ...{ feedback: [], sales: [], security: [], status: [], support: [] },
  }
  const outageUrls = ['https://status.example/status.json']
  const system = await startXmppSystem(t, { config: { contactAddresses, outageUrls } })
  const features = await system.features('alice')
  const c = features.child('c', 'http://jabber.org/protocol/caps')
  assert.equal(c?.attr('hash'), 'sha-1')
  const node = `${c?.attr('node')}#${c?.attr('ver')}`

  await using alice = await system.connect('alice')
  const get = (node: string) => `<query xmlns='${NS_INFO}' node='${node}'/>`
  const query = (await alice.iq('get', get(node), 'corp.example')).child('query', NS_INFO)
  assert.equal(query?.attr('node'), node)
  assert.equal([...(query?.elements() ?? [])].filter(({ name }) => name === 'x').length, 2)
  assert.equal(query && verification(query), c?.attr('ver'))

  const other = await alice.iq('get', get('urn:other#x='), 'corp.example')
  assert.equal(condition(other), 'cancel item-not-found')
})
