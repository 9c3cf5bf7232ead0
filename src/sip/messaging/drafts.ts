/**
 * The bodies that a message to a SIP client can have, the fullest first, and plain text as the last: what a client
 * does not take is left away.
 */
import type { InstantMessage } from '../../core/messaging/message.ts'
import type { Wanted } from '../../core/messaging/signals.ts'
import { renderRecipientHistory, type ShownRecipient } from '../../formats/recipient-list.ts'
import { RESOURCE_LISTS } from '../../formats/resource-lists.ts'
import type { NewPart } from '../message/mime.ts'
import { MULTIPART_MIXED as MIXED, renderMixed } from '../message/multipart.ts'
import { CPIM, renderCpim } from './cpim.ts'
import { toMessageId } from './message-id.ts'

export const PLAIN = 'text/plain'

export interface Draft {
  /** What a client would have to take. */
  readonly type: string
  /** For Content-Type, with parameters. */
  readonly contentType: string
  readonly body: Buffer
}

export interface DraftContext {
  /** Of sender and recipient, as SIP knows them. */
  readonly from: string
  readonly to: string
  readonly now: number
  /** Who else has it; nobody, where it was not sent to several. */
  readonly shown: readonly ShownRecipient[]
  /** Whether the client may be sent this type, as far as is known now. */
  takes(type: string): boolean
}

/** RFC 5438 §6.2: what a recipient can be asked for; `processed` is for servers alone. */
const DISPOSITIONS: Readonly<Record<Exclude<Wanted, 'processed'>, string>> = {
  delivered: 'positive-delivery',
  failed: 'negative-delivery',
  displayed: 'display',
}

/** Each is made when the ones before it were refused. */
export function* draftsOf(message: InstantMessage, context: DraftContext): Generator<Draft> {
  const isAsking = dispositionsOf(message).length > 0 && message.id !== undefined
  if (context.shown.length > 0 && context.takes(MIXED)) {
    const inner = isAsking && context.takes(CPIM) ? askingDraft : plainDraft
    yield withHistory(inner(message, context), context.shown)
  }
  if (isAsking && context.takes(CPIM)) yield askingDraft(message, context)
  yield plainDraft(message)
}

function dispositionsOf({ signals }: InstantMessage): string[] {
  const wants = signals?.wants ?? []
  return wants.flatMap((want) => (want === 'processed' ? [] : DISPOSITIONS[want]))
}

function plainDraft({ body = '' }: InstantMessage): Draft {
  return { type: PLAIN, contentType: `${PLAIN};charset=UTF-8`, body: Buffer.from(body) }
}

/** RFC 5438 §7.1.1. */
function askingDraft(message: InstantMessage, { from, to, now }: DraftContext): Draft {
  const { id = '', subject, delayedSince = now } = message
  const body = renderCpim({
    ...{ from, to, subject },
    time: delayedSince,
    messageId: toMessageId(id),
    dispositionNotification: dispositionsOf(message),
    // §8: the address that its sender wrote to, where it is not the recipient's.
    originalTo: message.signals?.list,
    content: partOf(plainDraft(message)),
  })
  return { type: CPIM, contentType: CPIM, body }
}

/** RFC 5365 §7.3. */
function withHistory(draft: Draft, shown: readonly ShownRecipient[]): Draft {
  const mixed = renderMixed([
    draft,
    {
      contentType: RESOURCE_LISTS,
      contentDisposition: 'recipient-list-history; handling=optional',
      body: Buffer.from(renderRecipientHistory(shown)),
    },
  ])
  return { type: MIXED, ...mixed }
}

function partOf({ contentType, body }: Draft): NewPart {
  return { headers: [['Content-Type', contentType]], body }
}
