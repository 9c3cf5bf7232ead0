/** The `message-summary` event package (RFC 3842). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SIMPLE_MESSAGE_SUMMARY } from '../../../src/formats/message-summary.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { PublishedState } from '../../../src/sip/events/event-package.ts'
import { MailboxStates } from '../../../src/sip/events/message-summaries/mailbox-states.ts'
import { messageSummaryPackage } from '../../../src/sip/events/message-summary.ts'
import { ALICE, BOB, eventDeps, FakeMailbox } from './support.ts'

function setUp() {
  const mailbox = new FakeMailbox()
  const deps = { ...eventDeps(), mailboxes: new MailboxStates(mailbox) }
  const watcher = (account: typeof ALICE) => ({
    presentity: ALICE,
    watcher: { address: account, account, protocol: 'sip' as const },
    entity: 'sip:alice@example.com',
  })
  const publish = (body: string, id = 'voicemail'): PublishedState => {
    const state = {
      id,
      presentity: ALICE,
      contentType: SIMPLE_MESSAGE_SUMMARY,
      body: Buffer.from(body),
      publishedAt: 0,
      expiresAt: 60_000,
    }
    messageSummaryPackage.publication.prepare(deps, state)()
    return state
  }
  const shown = async () => {
    return String((await messageSummaryPackage.render(deps, watcher(ALICE))).body)
  }
  return { deps, mailbox, watcher, publish, shown }
}

describe('the message-summary package (RFC 3842)', () => {
  it('shows what a voicemail system has published', async () => {
    const { deps, publish, shown } = setUp()
    assert.equal(await shown(), 'Messages-Waiting: no\r\nText-Message: 0/0\r\n')
    const state = publish(
      'Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\nVoice-Message: 2/8 (0/2)\r\n',
    )
    assert.equal(
      await shown(),
      'Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n' +
        'Voice-Message: 2/8 (0/2)\r\nText-Message: 0/0\r\n',
    )
    messageSummaryPackage.publication.withdraw(deps, state)
    assert.equal(await shown(), 'Messages-Waiting: no\r\nText-Message: 0/0\r\n')
  })

  it('adds up several mailboxes, and names the user for all of them (§3.5)', async () => {
    const { publish, shown } = setUp()
    publish(
      'Messages-Waiting: no\r\nMessage-Account: sip:a@one.example\r\nVoice-Message: 0/1\r\n',
      'one',
    )
    publish(
      'Messages-Waiting: yes\r\nMessage-Account: sip:a@two.example\r\nVoice-Message: 1/0\r\n',
      'two',
    )
    assert.equal(
      await shown(),
      'Messages-Waiting: yes\r\nMessage-Account: sip:alice@example.com\r\n' +
        'Voice-Message: 1/1\r\nText-Message: 0/0\r\n',
    )
  })

  it('counts the instant messages that wait for the user here', async () => {
    const { deps, mailbox, shown } = setUp()
    const changed: (string | undefined)[] = []
    const watching = messageSummaryPackage.watch(deps, (account) => changed.push(account))
    mailbox.keep(ALICE, 3)
    assert.deepEqual(changed, [ALICE])
    assert.equal(await shown(), 'Messages-Waiting: yes\r\nText-Message: 3/0\r\n')
    watching[Symbol.dispose]()
    mailbox.keep(ALICE, 0)
    assert.deepEqual(changed, [ALICE])
  })

  it('tells of each publication', () => {
    const { deps, publish } = setUp()
    const changed: (string | undefined)[] = []
    using _ = messageSummaryPackage.watch(deps, (account) => changed.push(account))
    messageSummaryPackage.publication.withdraw(deps, publish('Messages-Waiting: no\r\n'))
    assert.deepEqual(changed, [ALICE, ALICE])
  })

  it('is for the user alone (§6)', async () => {
    const { deps, watcher } = setUp()
    assert.equal((await messageSummaryPackage.authorize(deps, watcher(ALICE))).decision, 'allow')
    assert.throws(
      () => messageSummaryPackage.authorize(deps, watcher(BOB)),
      (error) => error instanceof SipError && error.status === 403,
    )
  })

  it('refuses what is no summary', () => {
    const { publish } = setUp()
    const refusedWith = (status: number) => (error: unknown) =>
      error instanceof SipError && error.status === status
    assert.throws(() => publish('You have mail'), refusedWith(400))
    assert.throws(() => publish(`Messages-Waiting: no\r\n${' '.repeat(20_000)}`), refusedWith(413))
  })
})
