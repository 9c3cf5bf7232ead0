/** NOTIFYs of message-summary (RFC 3842) to registered contacts that have not subscribed. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Sessions } from '../../../../src/core/sessions.ts'
import { MailboxStates } from '../../../../src/sip/events/message-summaries/mailbox-states.ts'
import { UnsolicitedSummaries } from '../../../../src/sip/events/message-summaries/unsolicited.ts'
import type { BindingState } from '../../../../src/sip/registrar/binding.ts'
import { silentLog } from '../../../../src/util/log.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { bindingState, bindingsOf } from '../../registrar/memory-bindings.ts'
import { ALICE, FakeMailbox, FakeUserAgent, settle } from '../support.ts'

function setUp() {
  const clock = new FakeClock()
  const mailbox = new FakeMailbox()
  const bindings = bindingsOf({ clock, sessions: new Sessions() })
  const agent = new FakeUserAgent()
  agent.answerAll = 200
  const subscribed = new Set<string>()
  const unsolicited = new UnsolicitedSummaries({
    ...{ clock, log: silentLog, bindings, mailboxes: new MailboxStates(mailbox) },
    isSubscribed: (_account, contact) => subscribed.has(contact),
    entityOf: async (account) => `sip:${account}`,
    userAgent: { request: agent.request.bind(agent), contactFor: () => 'sip:192.0.2.1:5060' },
  })
  const register = async (id: string, changes: Partial<BindingState> = {}) => {
    const state = bindingState({
      contact: `sip:${id}@192.0.2.7`,
      expiresAt: clock.now() + 60_000,
      ...changes,
    })
    await bindings.apply(ALICE, { put: new Map([[id, state]]), remove: new Set() })
    await settle()
  }
  const keep = async (waiting: number) => {
    mailbox.keep(ALICE, waiting)
    clock.advance(1_000)
    await settle()
  }
  return { clock, mailbox, agent, subscribed, unsolicited, register, keep }
}

describe('a phone that cannot subscribe', () => {
  it('is told when something changes, out of any dialog', async () => {
    const { agent, register, keep } = setUp()
    await register('desk', { path: ['<sip:proxy.example.com;lr>'] })
    assert.equal(agent.sent.length, 0)
    await keep(2)
    const { request } = agent.last
    assert.equal(request.method, 'NOTIFY')
    assert.equal(request.uri, 'sip:desk@192.0.2.7')
    assert.deepEqual(
      ['Route', 'Event', 'Subscription-State', 'Content-Type', 'Contact'].map((name) =>
        request.headers.get(name),
      ),
      [
        '<sip:proxy.example.com;lr>',
        'message-summary',
        'terminated',
        'application/simple-message-summary',
        '<sip:192.0.2.1:5060>',
      ],
    )
    assert.equal(String(request.body), 'Messages-Waiting: yes\r\nText-Message: 2/0\r\n')
    await keep(0)
    assert.match(String(agent.last.request.body), /^Messages-Waiting: no/)
  })

  it('is told once of what changes within a second', async () => {
    const { clock, mailbox, agent, register } = setUp()
    await register('desk')
    mailbox.keep(ALICE, 1)
    mailbox.keep(ALICE, 2)
    clock.advance(1_000)
    await settle()
    assert.equal(agent.sent.length, 1)
  })

  it('is told when it registers, if something waits', async () => {
    const { agent, register, keep } = setUp()
    await keep(1)
    assert.equal(agent.sent.length, 0)
    await register('desk')
    assert.equal(agent.sent.length, 1)
    await register('desk', { cseq: 2 })
    assert.equal(agent.sent.length, 1)
  })

  it('is not told where it has subscribed after all, nor once the server stops', async () => {
    const { agent, subscribed, unsolicited, register, keep } = setUp()
    subscribed.add('sip:desk@192.0.2.7')
    await register('desk')
    await register('mobile')
    await keep(1)
    assert.deepEqual(
      agent.sent.map(({ request }) => request.uri),
      ['sip:mobile@192.0.2.7'],
    )
    unsolicited[Symbol.dispose]()
    await keep(2)
    assert.equal(agent.sent.length, 1)
  })
})
