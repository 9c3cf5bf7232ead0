/** Message summaries (RFC 3842 §5.2). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type MessageClass,
  type MessageCount,
  MessageSummaryError,
  mergeSummaries,
  parseMessageSummary,
  renderMessageSummary,
} from '../../src/formats/message-summary.ts'

function counts(
  ...entries: [MessageClass, MessageCount][]
): ReadonlyMap<MessageClass, MessageCount> {
  return new Map(entries)
}

const VOICE = { new: 4, old: 8, urgent: { new: 1, old: 2 } }
const FULL = {
  waiting: true,
  account: 'sip:alice@vmail.example.com',
  counts: counts(['Voice-Message', VOICE], ['Fax-Message', { new: 0, old: 1, urgent: undefined }]),
}
const FULL_TEXT =
  'Messages-Waiting: yes\r\nMessage-Account: sip:alice@vmail.example.com\r\n' +
  'Voice-Message: 4/8 (1/2)\r\nFax-Message: 0/1\r\n'

describe('a message summary (RFC 3842 §5.2)', () => {
  it('is written line by line', () => {
    assert.equal(renderMessageSummary(FULL), FULL_TEXT)
    assert.equal(
      renderMessageSummary({ waiting: false, counts: counts() }),
      'Messages-Waiting: no\r\n',
    )
  })

  it('is read as it is written', () => assert.deepEqual(parseMessageSummary(FULL_TEXT), FULL))

  it('is read in whatever case, with any line ends, without the headers of new messages (§3.5)', () => {
    const text =
      'MESSAGES-WAITING:YES\nmessage-account: <sip:alice@vmail.example.com>\n' +
      'voice-message : 4 / 8 ( 1 / 2 )\nfax-message: 0/1\nSmoke-Message: 7/7\n\nTo: x\nvoice-message: 9/9\n'
    assert.deepEqual(parseMessageSummary(Buffer.from(text)), FULL)
  })

  it('counts no further than 2^32-1 (§3.5)', () => {
    const text = 'Messages-Waiting: yes\r\nVoice-Message: 99999999999/0\r\n'
    const summary = parseMessageSummary(text)
    assert.equal(summary.counts.get('Voice-Message')?.new, 2 ** 32 - 1)
    assert.equal(mergeSummaries([summary, summary]).counts.get('Voice-Message')?.new, 2 ** 32 - 1)
  })

  it('is refused where it is none', () => {
    const refused = (text: string, kind: MessageSummaryError['kind'] = 'invalid') =>
      assert.throws(
        () => parseMessageSummary(text),
        (error) => error instanceof MessageSummaryError && error.kind === kind,
      )
    refused('')
    refused('Hello')
    refused('Voice-Message: 1/1')
    refused('Messages-Waiting: perhaps')
    refused('Messages-Waiting: yes\r\nVoice-Message: many')
    refused('Messages-Waiting: yes\r\nMessage-Account: alice')
    refused(`Messages-Waiting: yes\r\nMessage-Account: sip:${'a'.repeat(2000)}`, 'too-large')
    refused(`Messages-Waiting: yes\r\n${' '.repeat(17_000)}`, 'too-large')
  })
})

describe('several message summaries (RFC 3842 §3.10)', () => {
  it('are one: something waits as soon as it does somewhere, and counts are added', () => {
    const other = {
      waiting: false,
      account: 'sip:alice@fax.example.com',
      counts: counts(['Voice-Message', { new: 1, old: 1 }], ['Text-Message', { new: 0, old: 2 }]),
    }
    assert.deepEqual(mergeSummaries([other, FULL]), {
      waiting: true,
      account: other.account,
      counts: counts(
        ['Voice-Message', { new: 5, old: 9, urgent: { new: 1, old: 2 } }],
        ['Text-Message', { new: 0, old: 2 }],
        ['Fax-Message', { new: 0, old: 1, urgent: undefined }],
      ),
    })
    assert.deepEqual(mergeSummaries([]), { waiting: false, counts: counts() })
  })
})
