/** What push services are told (XEP-0357), and of what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summaryForm } from '../../../src/xmpp/push/publication.ts'
import { isWorthPush } from '../../../src/xmpp/push/worth.ts'

const SUMMARY = { messages: 2, requests: 1, sender: 'bob@b.example/x', body: 'a'.repeat(300) }

test('a push says no more than the operator lets it', () => {
  const said = (content: 'count' | 'sender' | 'body') => [
    ...summaryForm(SUMMARY, content).elements(),
  ]
  const names = (content: 'count' | 'sender' | 'body') =>
    said(content).map((field) => field.attr('var'))
  const counts = ['FORM_TYPE', 'message-count', 'pending-subscription-count']
  assert.deepEqual(names('count'), counts)
  assert.deepEqual(names('sender'), [...counts, 'last-message-sender'])
  assert.deepEqual(names('body'), [...counts, 'last-message-sender', 'last-message-body'])
  assert.equal(said('body').at(-1)?.child('value')?.text(), `${'a'.repeat(200)}…`)
})

test('a person is woken for words, calls and requests, and for nothing less', () => {
  const worth = [
    `<message from='b@x' type='chat'><body>Hi</body></message>`,
    `<message from='b@x'><body>Hi</body></message>`,
    `<message from='b@x'><encrypted xmlns='urn:xmpp:omemo:2'/></message>`,
    `<message from='b@x'><propose xmlns='urn:xmpp:jingle-message:0' id='1'/></message>`,
    `<message from='b@x'><x xmlns='jabber:x:conference' jid='r@x'/></message>`,
    `<presence from='b@x' type='subscribe'/>`,
  ]
  const not = [
    `<message from='b@x' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>`,
    `<message from='b@x'><received xmlns='urn:xmpp:receipts' id='1'/></message>`,
    `<message from='b@x' type='error'><body>Hi</body></message>`,
    `<message from='a@x'><received xmlns='urn:xmpp:carbons:2'><body>Hi</body></received></message>`,
    `<presence from='b@x'/>`,
    `<iq from='b@x' type='get' id='1'><body/></iq>`,
  ]
  for (const stanza of worth) assert.equal(isWorthPush(stanza), true, stanza)
  for (const stanza of not) assert.equal(isWorthPush(stanza), false, stanza)
})
