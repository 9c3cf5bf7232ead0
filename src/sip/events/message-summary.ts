/**
 * The `message-summary` event package (RFC 3842): a phone shows that messages wait for its owner, in
 * mailboxes that publish it and in this server's own store of instant messages.
 */
import { type Access, EVERYTHING } from '../../core/presence/access/access.ts'
import {
  type MessageSummary,
  MessageSummaryError,
  parseMessageSummary,
  renderMessageSummary,
  SIMPLE_MESSAGE_SUMMARY,
} from '../../formats/message-summary.ts'
import { SipError } from '../errors.ts'
import { defineEventPackage } from './event-package.ts'

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }

export const messageSummaryPackage = defineEventPackage({
  event: 'message-summary',
  specs: ['RFC 3842'],
  contentTypes: [SIMPLE_MESSAGE_SUMMARY],
  expires: { min: 60, default: 3600, max: 604_800 }, // §3.4
  minNotifyIntervalMs: 1_000, // §3.11 leaves it to the notifier

  /** §3.7, §6: whose messages wait is nobody else's business. */
  authorize(_deps, { presentity, watcher }) {
    if (watcher.account !== presentity) throw new SipError(403, 'Not Your Messages')
    return OWN
  },

  async render({ mailboxes }, { presentity, entity }) {
    const body = Buffer.from(renderMessageSummary(await mailboxes.of(presentity, entity)))
    return { body, state: body }
  },

  watch: ({ mailboxes }, changed) => mailboxes.onChange(changed),

  publication: {
    contentTypes: [SIMPLE_MESSAGE_SUMMARY],

    prepare({ mailboxes }, state) {
      const summary = parse(state.body)
      return () => mailboxes.put(state, summary)
    },

    withdraw: ({ mailboxes }, state) => mailboxes.remove(state),
  },
})

function parse(body: Buffer): MessageSummary {
  try {
    return parseMessageSummary(body)
  } catch (error) {
    if (!(error instanceof MessageSummaryError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Message Summary')
  }
}
