/** MESSAGE from SIP clients and trusted peers (RFC 3428 §7) to the core. */
import { type BareJid, requireJid } from '../../core/address.ts'
import type { DeliveryOutcome, InstantMessage } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Signals } from '../../core/messaging/signals.ts'
import type { Session } from '../../core/sessions.ts'
import type { Clock } from '../../util/clock.ts'
import { SipError } from '../errors.ts'
import type { Identify, ResolveResource } from '../events/resources.ts'
import { unpacked } from '../message/content-encoding.ts'
import { createResponse } from '../message/respond.ts'
import type { Peer } from '../transport/transport.ts'
import type { ServerTransaction } from '../user-agent.ts'
import { ComposingSenders } from './composing-senders.ts'
import { readBody, requireMessageType } from './content.ts'
import { CPIM } from './cpim.ts'
import { fromMessageId, idInCallId } from './message-id.ts'
import { answerTo, type SipAnswer } from './outcomes.ts'
import type { RecipientLists } from './recipient-lists.ts'
import { requireSameSender, senderOf } from './sender.ts'
import type { SenderReports } from './sender-reports.ts'
import type { TakenTypes } from './taken-types.ts'
import { type Ends, lifetimeOf, type ReadMessage, toMessage, toNotice } from './to-message.ts'

export interface MessageHandlerDeps {
  readonly clock: Clock
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly messaging: Pick<Messaging, 'send'>
  /** The registered client that a request comes from, so that the answers of a conversation find it. */
  readonly sessionAt: (account: BareJid, source: Peer) => SendingClient | undefined
  readonly maxBodyBytes: number
  readonly reports: SenderReports
  readonly lists: RecipientLists
}

export type SendingClient = Session & { readonly types?: TakenTypes }

/**
 * The sender's transaction ends after 32 s (Timer F). Where a recipient's phone has not answered by
 * then, 202 says what is true: taken, and kept for him if the phone does not answer at all.
 */
const ANSWER_WITHIN_MS = 20_000

export class MessageHandler {
  readonly #deps: MessageHandlerDeps
  readonly #composing: ComposingSenders

  constructor(deps: MessageHandlerDeps) {
    this.#deps = deps
    this.#composing = new ComposingSenders(deps.clock)
  }

  /** Throws `SipError`. */
  async handle(tx: ServerTransaction): Promise<void> {
    const { request } = tx
    const identity = await this.#deps.identify(tx)
    requireMessageType(request)
    const isList = this.#deps.lists.isFor(request)
    // Not before the recipient is known to exist; a list is none.
    const recipient = isList ? undefined : await this.#deps.resolve(request.uri)
    const { maxBodyBytes } = this.#deps
    if (request.body.length > maxBodyBytes) throw new SipError(413)
    const { content, recipients } = readBody(
      request,
      unpacked(request.headers, request.body, maxBodyBytes),
    )
    await requireSameSender(content.cpim?.from, identity, this.#deps.resolve)
    const client = identity.address && this.#deps.sessionAt(identity.address, tx.source)
    if (content.cpim) client?.types?.shows(CPIM)
    const read = { request, content, identity, client }
    if (recipient === undefined) return this.#deps.lists.take(tx, read, recipients)
    if (recipients) throw new SipError(403, 'Not a List Service')
    // From the person, not from his phone: XMPP clients would lock onto a resource that has no presence.
    // Answers find the phone all the same, since the conversation is where it was answered (ADR 6).
    const ends = { from: senderOf(identity), to: requireJid(recipient) }
    respond(tx, await this.#answer(read, ends))
  }

  #answer(read: ReadMessage, ends: Ends): SipAnswer | Promise<SipAnswer> {
    const { content, client } = read
    if (content.kind === 'composing') return this.#composingChanged(read, ends)
    if (content.kind === 'reports') return this.#report(read, ends)
    const lifetime = lifetimeOf(read.request, this.#deps.clock.now())
    if (lifetime === 'over') return { status: 408 }
    const wasComposing = this.#composing.end(ends.from.bare, ends.to.bare)
    const said: Signals = wasComposing ? { state: 'active' } : {}
    const message = { ...toMessage(read, ends, said), ...lifetime }
    this.#deps.reports.note(message, read)
    return this.#send(message, client, read)
  }

  /** RFC 3994 §3.3: it tells nothing once it is late, so it is never stored or bounced. */
  #composingChanged({ content, client }: ReadMessage, ends: Ends): SipAnswer {
    if (content.kind !== 'composing') return { status: 200 }
    const { from, to } = ends
    const tell = (state: 'composing' | 'paused', by: Session | undefined) =>
      void this.#deps.messaging.send(toNotice(ends, { state }), by)
    const isNews = this.#composing.heard(from.bare, to.bare, content.status, () =>
      tell('paused', undefined),
    )
    if (isNews) tell(content.status.state === 'active' ? 'composing' : 'paused', client)
    return { status: 200 }
  }

  /** To whoever sent the message that it is about; nobody is told that he could not be. */
  async #report({ request, content, client }: ReadMessage, ends: Ends): Promise<SipAnswer> {
    if (content.kind !== 'reports') return { status: 200 }
    const isAlone = content.cpim === undefined
    for (const { messageId, fate } of content.reports) {
      // What only servers do with a message is for those who asked servers.
      if (fate === undefined || fate === 'processed' || fate === 'stored') continue
      const id = isAlone ? idInCallId(messageId) : fromMessageId(messageId)
      const notice = toNotice(ends, { report: { fate, id } }, request.headers.get('Call-ID'))
      await this.#deps.messaging.send(notice, client)
    }
    return { status: 200 }
  }

  async #send(
    message: InstantMessage,
    client: Session | undefined,
    read: ReadMessage,
  ): Promise<SipAnswer> {
    const outcome = this.#deps.messaging.send(message, client)
    const settled = Promise.resolve(outcome).then(finalOf)
    const answer = await this.#inTime(settled.then(answerTo))
    if (answer !== LATE) {
      void settled.then((final) => this.#deps.reports.answered(message, read, final))
      return answer
    }
    void settled.then((final) => this.#deps.reports.settledLate(message, read, final))
    return answer
  }

  async #inTime(settled: Promise<SipAnswer>): Promise<SipAnswer> {
    const late = Promise.withResolvers<SipAnswer>()
    const timer = this.#deps.clock.after(ANSWER_WITHIN_MS, () => late.resolve(LATE))
    try {
      return await Promise.race([settled, late.promise])
    } finally {
      timer.cancel()
    }
  }
}

const LATE: SipAnswer = { status: 202 }

async function finalOf(outcome: DeliveryOutcome): Promise<DeliveryOutcome> {
  return outcome.kind === 'relayed' ? outcome.final : outcome
}

function respond(tx: ServerTransaction, { status, reason, headers }: SipAnswer): void {
  tx.respond(createResponse(tx.request, status, reason, headers))
}
