import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseDocument } from '../../../src/xml/document.ts'
import { StanzaError } from '../../../src/xmpp/errors.ts'
import { NS_ADDRESS, readHeader } from '../../../src/xmpp/multicast/addresses.ts'
import { NS_CLIENT } from '../../../src/xmpp/namespaces.ts'

const LIMITS = { maxStanzaBytes: 100_000, maxDepth: 100, maxAttributes: 100 }
const MAX = 21

function message(addresses: string, before = '') {
  return parseDocument(
    `<message xmlns='${NS_CLIENT}' to='header1.org' from='a@header1.org/work'>${before}<addresses xmlns='${NS_ADDRESS}'>${addresses}</addresses><body>Hello, World!</body></message>`,
    LIMITS,
  )
}

function refusal(addresses: string, before?: string): string | undefined {
  try {
    readHeader(message(addresses, before), MAX)
  } catch (error) {
    if (error instanceof StanzaError) return error.condition
    throw error
  }
  return undefined
}

const visible = `<address type='to' jid='to@header1.org' delivered='true'/><address type='cc' jid='cc@header1.org' delivered='true'/>`

test('each gets a copy that shows what he may see, as in the example flow of XEP-0033 §7', () => {
  const { recipients, copyFor } = readHeader(
    message(
      `<address type='to' jid='to@header1.org'/><address type='cc' jid='cc@header1.org'/><address type='bcc' jid='bcc@header1.org'/><address type='bcc' jid='other@header1.org'/>`,
    ),
    MAX,
  )
  const told = recipients.map((recipient) => copyFor(recipient).toString(NS_CLIENT))
  const copy = (to: string, more = '') =>
    `<message to='${to}' from='a@header1.org/work'><addresses xmlns='${NS_ADDRESS}'>${visible}${more}</addresses><body>Hello, World!</body></message>`
  assert.deepEqual(told, [
    copy('to@header1.org'),
    copy('cc@header1.org'),
    copy('bcc@header1.org', `<address type='bcc' jid='bcc@header1.org'/>`),
    copy('other@header1.org', `<address type='bcc' jid='other@header1.org'/>`),
  ])
})

test('nobody gets two copies, nor one who has it already, and no blind address is left', () => {
  const { recipients, copyFor } = readHeader(
    message(
      `<address type='bcc' jid='b@x.org'/><address type='to' jid='B@X.org'/><address type='bcc' jid='b@x.org'/><address type='to' jid='c@x.org' delivered='true'/><address type='bcc' jid='d@x.org' delivered='true'/>`,
    ),
    MAX,
  )
  assert.deepEqual(
    recipients.map(({ to }) => to.full),
    ['b@x.org'],
  )
  const [recipient] = recipients
  assert.ok(recipient)
  const copy = copyFor(recipient).toString(NS_CLIENT)
  assert.doesNotMatch(copy, /bcc|d@x.org/)
  assert.match(copy, /B@X.org.*c@x.org/)
})

test('what else is in the header stays: other types, descriptions, nodes, extensions', () => {
  const inside = `<address type='replyto' jid='r@x.org' delivered='true'/><address type='replyroom' jid='room@x.org' delivered='true'/><address type='ofrom' jid='o@x.org' delivered='true'/><address type='noreply' delivered='true'/><address type='cc' jid='b@x.org' node='n' desc='Bob' delivered='true'><group xmlns='some:ns'>foo</group></address><x xmlns='u:x'/>`
  const { recipients, copyFor } = readHeader(
    message(inside.replaceAll(` delivered='true'`, '')),
    MAX,
  )
  const [recipient] = recipients
  assert.ok(recipient)
  assert.ok(copyFor(recipient).toString(NS_CLIENT).includes(inside))
})

test('refuses in the words of XEP-0033 §8', () => {
  const bob = `<address type='to' jid='b@x.org'/>`
  assert.equal(refusal(bob.repeat(MAX)), undefined)
  assert.equal(refusal(bob.repeat(MAX + 1)), 'not-acceptable')
  assert.equal(refusal(`${bob}<address type='to' jid='@x.org'/>`), 'jid-malformed')
  assert.equal(refusal(`${bob}<address type='to' uri='sip:b@x.org'/>`), 'jid-malformed')
  assert.equal(refusal(`${bob}<address type='replyto' uri='::'/>`), 'jid-malformed')
  assert.equal(refusal(`${bob}<address type='replyto' uri='sip:b@x.org'/>`), undefined)
})

test('refuses what breaks the rules of XEP-0033 §4', () => {
  const bob = `<address type='to' jid='b@x.org'/>`
  for (const address of [
    `<address jid='b@x.org'/>`,
    `<address type='whom' jid='b@x.org'/>`,
    `<address type='to' jid='b@x.org' uri='sip:b@x.org'/>`,
    `<address type='to' uri='sip:b@x.org' node='n'/>`,
    `<address type='to' desc='Bob'/>`,
    `<address type='to' node='n'/>`,
    `<address type='replyto' desc='Bob'/>`,
  ]) {
    assert.equal(refusal(bob + address), 'bad-request', address)
  }
  assert.equal(refusal(''), 'bad-request')
  assert.equal(refusal(`<address type='noreply'/>`), 'bad-request')
  const second = `<addresses xmlns='${NS_ADDRESS}'><address type='bcc' jid='s@x.org'/></addresses>`
  assert.equal(refusal(bob, second), 'bad-request')
})
