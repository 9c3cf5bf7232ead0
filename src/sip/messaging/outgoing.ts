/** Instant messages to SIP clients: MESSAGE (RFC 3428 §4, §5), one at a time to each client. */
import { type BareJid, domainOf, type Jid, localOf, parseJid } from '../../core/address.ts'
import {
  DELIVERED,
  type DeliveryOutcome,
  DROPPED,
  type InstantMessage,
  isAbsence,
  refused,
} from '../../core/messaging/message.ts'
import type { Addressee, Report } from '../../core/messaging/signals.ts'
import { IMDN, renderImdn } from '../../formats/imdn.ts'
import { IS_COMPOSING, renderIsComposing } from '../../formats/is-composing.ts'
import type { ShownRecipient } from '../../formats/recipient-list.ts'
import type { Clock } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { SipResponse } from '../message/message.ts'
import type { Peer } from '../transport/transport.ts'
import type { SipUserAgent } from '../user-agent.ts'
import type { AwaitedReports } from './awaited-reports.ts'
import { ComposingNotices } from './composing-notices.ts'
import { CPIM, renderCpim } from './cpim.ts'
import { type Draft, draftsOf, PLAIN } from './drafts.ts'
import { newMessageId } from './message-id.ts'
import { buildMessage } from './message-request.ts'
import { outcomeOf } from './outcomes.ts'
import type { TakenTypes } from './taken-types.ts'

/** What the sender has to know of a registered client. */
export interface MessageTarget {
  readonly account: BareJid
  readonly resource: string
  readonly state: {
    readonly contact: string
    readonly path: readonly string[]
    readonly peer: Peer | undefined
  }
  readonly types: TakenTypes
}

export interface SendResult {
  readonly outcome: DeliveryOutcome
  /** False where nobody answered, or the client takes no MESSAGE at all. */
  readonly reached: boolean
  /** It may have another connection that works (RFC 5626 §7). */
  readonly flowFailed?: boolean
}

/** The URI that SIP users know a user of ours by. */
export interface SipUris {
  primaryUri(account: BareJid, protocol: 'sip'): Promise<string | undefined>
}

/** Whether clients are asked to tell what becomes of a message (RFC 5438): all, those that did so themselves, none. */
export type AskForReports = 'all' | 'known' | 'none'

export interface MessageSenderDeps {
  readonly clock: Clock
  readonly userAgent: Pick<SipUserAgent, 'request'>
  readonly directory: SipUris
  readonly awaited: AwaitedReports
  readonly askForReports: AskForReports
}

/** Messages that may wait for one client. */
const MAX_WAITING = 100
/** Where so many wait already, a notice of who types would come too late to be of use. */
const MAX_BEFORE_NOTICE = 5
/** Of a client that is not there, or that takes no MESSAGE: the next one need not try. */
const UNREACHED = new Set([405, 408, 410, 430, 481, 501, 503])
const FLOW_FAILED = new Set([408, 430, 503])
/** RFC 3261 §21.4.6, §21.4.13, §21.4.26, §21.6.4: something simpler may be taken. */
const NOT_TAKEN = new Set([406, 415, 488, 606])

const DELIVERED_NOW: SendResult = { outcome: DELIVERED, reached: true }

export class MessageSender {
  readonly #deps: MessageSenderDeps
  /** RFC 3428 §8: no MESSAGE while another to the same place waits for its answer. */
  readonly #queue = new KeyedQueue<string>(MAX_WAITING)
  readonly #composing: ComposingNotices

  constructor(deps: MessageSenderDeps) {
    this.#deps = deps
    this.#composing = new ComposingNotices(deps.clock)
  }

  /** Resolves with the final answer of the client; never rejects for what the network does. */
  async send(target: MessageTarget, message: InstantMessage): Promise<SendResult> {
    const key = keyOf(target)
    const report = message.signals?.report
    if (message.body === undefined && !report) return this.#sendState(target, message)
    if (this.#queue.isFull(key)) return { outcome: refused('overloaded'), reached: true }
    if (report) return this.#queue.run(key, () => this.#sendReport(target, message, report))
    this.#composing.sent(composerKey(target, message))
    return this.#queue.run(key, () => this.#sendContent(target, message))
  }

  async #sendContent(target: MessageTarget, message: InstantMessage): Promise<SendResult> {
    const [from, to] = await this.#ends(message)
    const shown = await this.#shown(message.signals?.addressees ?? [])
    const { clock, askForReports } = this.#deps
    const takes = (type: string) =>
      target.types.takes(type) &&
      (type !== CPIM ||
        askForReports === 'all' ||
        (askForReports === 'known' && target.types.knows(CPIM)))
    let status = 488
    for (const draft of draftsOf(message, { from, to, now: clock.now(), shown, takes })) {
      const response = await this.#transmit(target, message, { from, to, draft })
      status = response.status
      if (draft.type === PLAIN || !NOT_TAKEN.has(status)) break
      target.types.refuses(draft.type, response.headers.getAll('Accept'))
    }
    return {
      outcome: outcomeOf(status),
      reached: !UNREACHED.has(status),
      flowFailed: FLOW_FAILED.has(status),
    }
  }

  /** RFC 5438 §7.2.1. It is told once, and never refused. */
  async #sendReport(
    target: MessageTarget,
    message: InstantMessage,
    report: Report,
  ): Promise<SendResult> {
    const { awaited } = this.#deps
    const [sender, by] = [message.to.bare, message.from.bare]
    const news = { fate: report.fate, by, to: target.resource }
    const isWanted = target.types.takes(CPIM) && awaited.isNews(sender, report.id, news)
    if (!isWanted) return { outcome: DROPPED, reached: true }
    const [from, to] = await this.#ends(message)
    const draft = this.#reportDraft(message, report, { from, to })
    const response = await this.#transmit(target, message, { from, to, draft })
    const outcome = outcomeOf(response.status)
    const reached = !UNREACHED.has(response.status)
    if (outcome.kind !== 'refused') return { outcome, reached }
    // It waits for the client, or is of no use to it.
    if (isAbsence(outcome.refusal)) awaited.untold(sender, report.id, news)
    if (NOT_TAKEN.has(response.status)) {
      target.types.refuses(CPIM, response.headers.getAll('Accept'))
    }
    return { outcome: isAbsence(outcome.refusal) ? outcome : DROPPED, reached }
  }

  #reportDraft(message: InstantMessage, { fate, id }: Report, { from, to }: Ends): Draft {
    const awaited = this.#deps.awaited.of(message.to.bare, id)
    const now = message.delayedSince ?? this.#deps.clock.now()
    const imdn = renderImdn({
      messageId: id,
      dateTime: awaited?.dateTime ?? new Date(now).toISOString(),
      recipientUri: from,
      originalRecipientUri: awaited?.originalTo ?? awaited?.to ?? from,
      fate,
    })
    const body = renderCpim({
      ...{ from, to },
      time: now,
      messageId: newMessageId(),
      route: awaited?.route ?? [],
      content: {
        headers: [
          ['Content-Type', IMDN],
          ['Content-Disposition', 'notification'],
          ['Content-Length', String(Buffer.byteLength(imdn))],
        ],
        body: imdn,
      },
    })
    return { type: CPIM, contentType: CPIM, body }
  }

  /** Nobody waits for the answer: a notice is never kept and never refused (RFC 3994 §3). */
  #sendState(target: MessageTarget, message: InstantMessage): SendResult {
    const state = message.signals?.state
    if (!state) return { outcome: DROPPED, reached: true }
    const key = keyOf(target)
    const composer = composerKey(target, message)
    this.#composing.changed(composer, state, (status) => {
      if (!target.types.takes(IS_COMPOSING)) return this.#composing.forget(composer)
      if (this.#queue.lengthOf(key) >= MAX_BEFORE_NOTICE) return
      const draft = {
        type: IS_COMPOSING,
        contentType: IS_COMPOSING,
        body: Buffer.from(renderIsComposing(status)),
      }
      void this.#queue.run(key, () => this.#sendNotice(target, message, draft))
    })
    return DELIVERED_NOW
  }

  /** Whatever it answers, it takes texts as before. */
  async #sendNotice(target: MessageTarget, message: InstantMessage, draft: Draft): Promise<void> {
    const [from, to] = await this.#ends(message)
    const { status, headers } = await this.#transmit(target, message, { from, to, draft })
    if (status >= 300) target.types.refuses(draft.type, headers.getAll('Accept'))
  }

  #transmit(
    target: MessageTarget,
    message: InstantMessage,
    letter: Ends & { draft: Draft },
  ): Promise<SipResponse> {
    const now = this.#deps.clock.now()
    const request = buildMessage(message, { target: target.state, ...letter, now })
    return this.#deps.userAgent.request(request, target.state.peer)
  }

  async #ends({ from, to }: InstantMessage): Promise<readonly [from: string, to: string]> {
    return [await this.#uriOf(from), await this.#uriOf(to)]
  }

  async #uriOf({ bare }: Pick<Jid, 'bare'>): Promise<string> {
    return (await this.#deps.directory.primaryUri(bare, 'sip')) ?? sipUriOf(bare)
  }

  /** Others know people by URIs of SIP; whom SIP cannot write to is not in its lists. */
  async #shown(addressees: readonly Addressee[]): Promise<ShownRecipient[]> {
    const shown: ShownRecipient[] = []
    for (const { copy, address, anonymous } of addressees) {
      if (anonymous !== undefined) shown.push({ uri: undefined, copy, count: anonymous })
      else if (/^(?:sips?|tel|im):/i.test(address)) shown.push({ uri: address, copy })
      else if (parseJid(address)?.local) {
        const jid = parseJid(address)
        if (jid) shown.push({ uri: await this.#uriOf(jid), copy })
      }
    }
    return shown
  }
}

interface Ends {
  readonly from: string
  readonly to: string
}

function keyOf({ account, resource }: MessageTarget): string {
  return `${account}/${resource}`
}

function composerKey(target: MessageTarget, { from }: InstantMessage): string {
  return `${keyOf(target)} ${from.bare}`
}

/** RFC 7247 §4: the local part escaped as a SIP user part. */
export function sipUriOf(address: BareJid): string {
  const user = localOf(address).replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;]/gu, encodeURIComponent)
  return user === '' ? `sip:${domainOf(address)}` : `sip:${user}@${domainOf(address)}`
}
