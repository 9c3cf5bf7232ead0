import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compose, firstMail, hasBeenMailed, type Missed } from '../../src/smtp/mail.ts'
import { testRoute } from './route.ts'

const AT = Date.UTC(2030, 0, 1, 9, 5)
const missed = (body: string, more: Partial<Missed> = {}): Missed => ({
  ...{ id: 1, body, subject: undefined, at: AT },
  ...more,
})
const SENDER = { address: 'alice@corp.example', name: 'Alice "Al", of Sales' }
const RECIPIENT = { address: 'bob@mail.example', name: 'Bob' }
const mail = (all: readonly Missed[], route = testRoute(), sender = SENDER) =>
  compose(route, { sender, recipient: RECIPIENT, missed: all })

describe('a mail', () => {
  it('says who wrote, when and what', () => {
    const { text, to, subject, from } = mail([
      missed('Grüße'),
      missed('More', { subject: 'Lunch' }),
    ])
    assert.match(text, /^Alice "Al", of Sales \(alice@corp\.example\) sent you 2 messages while/)
    assert.match(text, /\n\n2030-01-01 09:05 UTC\n\nGrüße\n\n2030-01-01 09:05 UTC: Lunch\n\nMore\n/)
    assert.match(text, /nobody reads answers/)
    assert.deepEqual(to, RECIPIENT)
    assert.equal(subject, 'Message from Alice "Al", of Sales')
    assert.deepEqual(from, { name: '', address: 'no-reply@corp.example' })
  })

  it('names a sender without a name by his address', () => {
    const one = mail([missed('Hi')], testRoute(), { ...SENDER, name: '' })
    assert.match(one.text, /^alice@corp\.example sent you a message while/)
    assert.equal(one.subject, 'Message from alice@corp.example')
  })

  it('is from whom the route says; what a person is called is never an address', () => {
    const route = testRoute({
      from: '{sender} at {domain} <im@{domain}>',
      subject: '{sender}@{domain}: {x}',
    })
    const evil = { address: 'eve@corp.example', name: 'Eve <eve@evil.example>' }
    const { from, subject } = mail([missed('Hi')], route, evil)
    assert.deepEqual(from, {
      name: 'Eve <eve@evil.example> at corp.example',
      address: 'im@corp.example',
    })
    assert.equal(subject, 'Eve <eve@evil.example>@corp.example: {x}')
  })

  it('has an id that is the same for the same messages', () => {
    const { messageId } = mail([missed('Hi')])
    assert.match(messageId, /^<[\w-]{24}@corp\.example>$/)
    assert.equal(mail([missed('Hi')]).messageId, messageId)
    assert.notEqual(mail([missed('Hi', { id: 2 })]).messageId, messageId)
  })

  it('is known again where it comes back as a message', () => {
    assert.equal(hasBeenMailed(`> ${mail([missed('Hi')]).text}`), true)
    assert.equal(hasBeenMailed('Hi'), false)
  })

  it('holds so many messages, and one at least', () => {
    const many = Array.from({ length: 120 }, (_, id) => missed('x', { id }))
    assert.equal(firstMail(many).length, 50)
    assert.equal(firstMail([missed('x'.repeat(150_000)), missed('x'.repeat(150_000))]).length, 1)
    assert.equal(firstMail([missed('x'.repeat(300_000))]).length, 1)
    assert.ok(mail([missed('x'.repeat(300_000))]).text.length < 201_000)
    assert.equal(firstMail([]).length, 0)
  })
})
