/** MESSAGE from SIP clients and trusted peers (RFC 3428 §7) to the core. */
import { type BareJid, type Jid, parseJid, requireJid } from '../../core/address.ts'
import type { DeliveryOutcome, InstantMessage } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Session } from '../../core/sessions.ts'
import type { Clock } from '../../util/clock.ts'
import type { SipIdentity } from '../auth/identity.ts'
import { SipError } from '../errors.ts'
import { mediaTypeOf } from '../events/headers.ts'
import { aorOf, type Identify, type ResolveResource } from '../events/resources.ts'
import type { SipRequest } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { parseSipUri } from '../message/uri.ts'
import { parseDate, parseExpires } from '../message/values.ts'
import type { Peer } from '../transport/transport.ts'
import type { ServerTransaction } from '../user-agent.ts'
import { plainTextOf } from './html.ts'
import { answerTo, type SipAnswer } from './outcomes.ts'

export interface MessageHandlerDeps {
  readonly clock: Clock
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly messaging: Pick<Messaging, 'send'>
  /** The registered client that a request comes from, so that the answers of a conversation find it. */
  readonly sessionAt: (account: BareJid, source: Peer) => Session | undefined
  readonly maxBodyBytes: number
}

export const TEXT = 'text/plain'
const HTML = 'text/html'
const IS_COMPOSING = 'application/im-iscomposing+xml'
/** What a MESSAGE may carry, for Accept. */
export const MESSAGE_TYPES: readonly string[] = [TEXT, HTML, IS_COMPOSING]

/**
 * The sender's transaction ends after 32 s (Timer F). Where a recipient's phone has not answered by
 * then, 202 says what is true: taken, and kept for him if the phone does not answer at all.
 */
const ANSWER_WITHIN_MS = 20_000

export class MessageHandler {
  readonly #deps: MessageHandlerDeps

  constructor(deps: MessageHandlerDeps) {
    this.#deps = deps
  }

  /** Throws `SipError`. */
  async handle(tx: ServerTransaction): Promise<void> {
    const { request } = tx
    const identity = await this.#deps.identify(tx)
    const type = contentTypeOf(request)
    const recipient = await this.#deps.resolve(request.uri)
    if (request.body.length > this.#deps.maxBodyBytes) throw new SipError(413)
    // RFC 3994 §3.3: a composing notice tells nothing once it is late, so it is never stored or bounced.
    if (type === IS_COMPOSING) return respond(tx, { status: 200 })
    if (hasExpired(request, this.#deps.clock.now())) return respond(tx, { status: 408 })
    const { address } = identity
    const sender = address && this.#deps.sessionAt(address, tx.source)
    // From the person, not from his phone: XMPP clients would lock onto a resource that has no presence.
    // Answers find the phone all the same, since the conversation is where it was answered (ADR 6).
    const ends = { from: senderOf(identity), to: requireJid(recipient) }
    const message = toMessage(request, ends, type)
    respond(tx, await this.#answerInTime(this.#deps.messaging.send(message, sender)))
  }

  async #answerInTime(outcome: DeliveryOutcome | Promise<DeliveryOutcome>): Promise<SipAnswer> {
    const settled = Promise.resolve(outcome).then(answerTo)
    const late = Promise.withResolvers<SipAnswer>()
    const timer = this.#deps.clock.after(ANSWER_WITHIN_MS, () => late.resolve({ status: 202 }))
    try {
      return await Promise.race([settled, late.promise])
    } finally {
      timer.cancel()
    }
  }
}

function respond(tx: ServerTransaction, { status, reason, headers }: SipAnswer): void {
  tx.respond(createResponse(tx.request, status, reason, headers))
}

/** Throws `SipError` 415 for what cannot be shown to a person (RFC 3428 §7). */
function contentTypeOf({ headers, body }: SipRequest): string {
  const type = mediaTypeOf(headers.get('Content-Type') ?? (body.length > 0 ? TEXT : undefined))
  if (type === undefined || !MESSAGE_TYPES.includes(type)) {
    throw new SipError(415, undefined, [['Accept', MESSAGE_TYPES.join(', ')]])
  }
  return type
}

/** §7, §8: the sender did not want it delivered after Date (or now) and so many seconds. */
function hasExpired({ headers }: SipRequest, now: number): boolean {
  const seconds = parseExpires(headers.get('Expires') ?? '')
  const date = parseDate(headers.get('Date') ?? '')
  return seconds !== undefined && date !== undefined && date + seconds * 1000 <= now
}

/** A sender who is no user of ours is known by the address in his URI. */
function senderOf({ address, uri }: SipIdentity): Jid {
  if (address) return requireJid(address)
  const parsed = parseSipUri(aorOf(uri))
  const user = parsed?.user
  const jid = parsed && parseJid(user === undefined ? parsed.host : `${user}@${parsed.host}`)
  if (!jid) throw new SipError(403, 'Bad Sender')
  return jid
}

function toMessage(
  { headers, body }: SipRequest,
  { from, to }: { from: Jid; to: Jid },
  type: string,
): InstantMessage {
  const text = decode(body)
  return {
    from,
    to,
    type: 'chat',
    id: headers.get('Call-ID'),
    thread: undefined,
    subject: headers.get('Subject'),
    body: type === HTML ? plainTextOf(text) : text,
    origin: 'sip',
    delayedSince: undefined,
    storable: true,
    native: () => undefined,
  }
}

/** RFC 3428 §4: UTF-8. Controls that XML cannot carry (XML 1.0 §2.2) cannot be part of a text. */
function decode(body: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body)
    return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '')
  } catch {
    throw new SipError(400, 'Body Is Not UTF-8')
  }
}
