/** Instant messages to SIP clients: MESSAGE (RFC 3428 §4, §5), one at a time to each client. */
import { type BareJid, domainOf, type Jid, localOf } from '../../core/address.ts'
import { type DeliveryOutcome, type InstantMessage, refused } from '../../core/messaging/message.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import { SipHeaders, SipRequest } from '../message/message.ts'
import { newCallId, newTag } from '../message/respond.ts'
import { formatDate } from '../message/sip-date.ts'
import type { Peer } from '../transport/transport.ts'
import type { SipUserAgent } from '../user-agent.ts'
import { outcomeOf } from './outcomes.ts'

/** What the sender has to know of a registered client. */
export interface MessageTarget {
  readonly account: BareJid
  readonly resource: string
  readonly state: {
    readonly contact: string
    readonly path: readonly string[]
    readonly peer: Peer | undefined
  }
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

export interface MessageSenderDeps {
  readonly userAgent: Pick<SipUserAgent, 'request'>
  readonly directory: SipUris
}

/** Messages that may wait for one client. */
const MAX_WAITING = 100
/** Of a client that is not there, or that takes no MESSAGE: the next one need not try. */
const UNREACHED = new Set([405, 408, 410, 430, 481, 501, 503])
const FLOW_FAILED = new Set([408, 430, 503])

export class MessageSender {
  readonly #deps: MessageSenderDeps
  /** RFC 3428 §8: no MESSAGE while another to the same place waits for its answer. */
  readonly #queue = new KeyedQueue<string>(MAX_WAITING)

  constructor(deps: MessageSenderDeps) {
    this.#deps = deps
  }

  /** Resolves with the final answer of the client; never rejects for what the network does. */
  async send(target: MessageTarget, message: InstantMessage): Promise<SendResult> {
    const key = `${target.account}/${target.resource}`
    if (this.#queue.isFull(key)) return { outcome: refused('overloaded'), reached: true }
    return this.#queue.run(key, async () => {
      const request = buildMessage(message, {
        target,
        from: await this.#uriOf(message.from),
        to: await this.#uriOf(message.to),
      })
      const { status } = await this.#deps.userAgent.request(request, target.state.peer)
      return {
        outcome: outcomeOf(status),
        reached: !UNREACHED.has(status),
        flowFailed: FLOW_FAILED.has(status),
      }
    })
  }

  async #uriOf({ bare }: Jid): Promise<string> {
    return (await this.#deps.directory.primaryUri(bare, 'sip')) ?? sipUriOf(bare)
  }
}

/** RFC 7247 §4: the local part escaped as a SIP user part. */
export function sipUriOf(address: BareJid): string {
  const user = localOf(address).replace(/[^A-Za-z0-9\-_.!~*'()&=+$,;]/gu, encodeURIComponent)
  return user === '' ? `sip:${domainOf(address)}` : `sip:${user}@${domainOf(address)}`
}

interface Ends {
  readonly target: MessageTarget
  readonly from: string
  readonly to: string
}

function buildMessage(message: InstantMessage, { target, from, to }: Ends): SipRequest {
  const { contact, path } = target.state
  const headers = new SipHeaders()
  for (const route of path) headers.append('Route', route)
  headers.append('Max-Forwards', '70')
  headers.append('From', `<${from}>;tag=${newTag()}`)
  headers.append('To', `<${to}>`)
  headers.append('Call-ID', newCallId())
  headers.append('CSeq', '1 MESSAGE')
  headers.append('Content-Type', 'text/plain;charset=UTF-8')
  if (message.subject !== undefined && message.subject !== '') {
    headers.append('Subject', message.subject.replace(/[\r\n\0]+/g, ' '))
  }
  // RFC 3428 §9: when it was written, where that is not now.
  if (message.delayedSince !== undefined) {
    headers.append('Date', formatDate(message.delayedSince))
  }
  return new SipRequest({
    method: 'MESSAGE',
    uri: requestUri(contact),
    headers,
    body: Buffer.from(message.body ?? ''),
  })
}

/** RFC 3261 §19.1.1: a request-URI has no headers and no `method` parameter. */
function requestUri(contact: string): string {
  const [withoutHeaders = contact] = contact.split('?', 1)
  return withoutHeaders.replace(/;method=[^;]*/i, '')
}
