/**
 * One MESSAGE for many (RFC 5365): by the domain, or by the service that writes to many over XMPP, too (XEP-0033),
 * and within the same limits. Each recipient gets a message of his own that shows who else has it (RFC 5364 §4).
 */
import { type BareJid, type Jid, parseJid, requireJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Addressee } from '../../core/messaging/signals.ts'
import {
  COPY_CONTROLS,
  type ListedRecipient,
  parseRecipientList,
  RecipientListError,
} from '../../formats/recipient-list.ts'
import type { Clock } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import { addressIn, type ResolveResource } from '../events/resources.ts'
import type { SipRequest } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { parseSipUri } from '../message/uri.ts'
import type { ServerTransaction } from '../user-agent.ts'
import { senderOf } from './sender.ts'
import type { SenderReports } from './sender-reports.ts'
import { lifetimeOf, type ReadMessage, toMessage } from './to-message.ts'

export const RECIPIENT_LIST_MESSAGE = 'recipient-list-message'

export interface RecipientListsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly resolve: ResolveResource
  readonly messaging: Pick<Messaging, 'send'>
  readonly reports: SenderReports
  readonly directory: { isLocal(domain: string): boolean }
  readonly enabled: boolean
  /** What stands before a domain in the address of its service. */
  readonly name: string
  readonly maxRecipients: number
  /** Strangers never may: this is no relay for others. */
  maySend(account: BareJid): boolean
}

/** Lists of one sender that are worked on or wait. */
const MAX_WAITING = 3

const written = counter({
  name: 'heliograph_sip_list_messages_total',
  help: 'Messages of SIP clients to lists of recipients (RFC 5365), by whether they were taken, and their copies.',
  labels: ['kind'],
})

interface Recipient extends ListedRecipient {
  readonly to: Jid
}

export class RecipientLists {
  readonly #deps: RecipientListsDeps
  readonly #queue = new KeyedQueue<BareJid>(MAX_WAITING)

  constructor(deps: RecipientListsDeps) {
    this.#deps = deps
  }

  /** §6: the sender says that it has to be understood, and writes to the service. */
  isFor({ headers, uri }: SipRequest): boolean {
    const { enabled, name, directory } = this.#deps
    const required = headers.getAll('Require').map((tag) => tag.trim().toLowerCase())
    if (!enabled || !required.includes(RECIPIENT_LIST_MESSAGE)) return false
    const parsed = parseSipUri(uri)
    if (!parsed || parsed.user !== undefined) return false
    const host = parsed.host.toLowerCase()
    const domain = host.startsWith(`${name}.`) ? host.slice(name.length + 1) : host
    return directory.isLocal(domain) || directory.isLocal(host)
  }

  /** Answers the request. Throws `SipError` where nobody gets anything. */
  async take(tx: ServerTransaction, read: ReadMessage, list: Buffer | undefined): Promise<void> {
    const { address } = read.identity
    if (address === undefined || !this.#deps.maySend(address)) throw new SipError(403)
    if (read.content.kind !== 'text' || list === undefined) {
      throw new SipError(400, 'A Text and a Recipient List Are Needed')
    }
    const listed = this.#readList(list)
    const lifetime = lifetimeOf(tx.request, this.#deps.clock.now())
    if (lifetime === 'over') throw new SipError(408)
    if (this.#queue.isFull(address)) throw new SipError(503, undefined, [['Retry-After', '5']])
    // §7: whether anybody gets it is told otherwise, if at all (RFC 5438).
    tx.respond(createResponse(tx.request, 202))
    written.inc({ kind: 'taken' })
    void this.#queue
      .run(address, () => this.#sendAll(read, listed, lifetime))
      .catch((err: unknown) => this.#deps.log.error({ what: 'sip_list_message_failed', err }))
  }

  #readList(list: Buffer): ListedRecipient[] {
    const { maxRecipients } = this.#deps
    const listed = parseOrRefuse(list)
    if (listed.length === 0) throw new SipError(400, 'No Recipients')
    if (listed.length > maxRecipients) {
      throw new SipError(403, `Not More than ${maxRecipients} Recipients`)
    }
    return listed
  }

  async #sendAll(
    read: ReadMessage,
    listed: readonly ListedRecipient[],
    lifetime: { expiresAt?: number; storable?: boolean },
  ): Promise<void> {
    const recipients = await this.#find(listed)
    const shown = shownOf(recipients)
    const from = senderOf(read.identity)
    let isNoted = false
    for (const recipient of recipients) {
      const addressees = recipient.copy === 'bcc' ? [...shown, shownAs(recipient)] : shown
      const said = { list: read.request.uri, ...(addressees.length > 0 && { addressees }) }
      const message = { ...toMessage(read, { from, to: recipient.to }, said), ...lifetime }
      if (!isNoted) this.#deps.reports.note(message, read)
      isNoted = true
      written.inc({ kind: 'copy' })
      const final = finalOf(await this.#deps.messaging.send(message, read.client))
      void final.then((outcome) => this.#deps.reports.settledLate(message, read, outcome))
    }
  }

  /** RFC 5363 §4.1: each once, by whatever URIs he was listed, as openly as the most open of them. */
  async #find(listed: readonly ListedRecipient[]): Promise<Recipient[]> {
    const found = new Map<string, Recipient>()
    for (const one of listed) {
      const to = await this.#jidOf(one.uri)
      const other = to && found.get(to.full)
      const isMoreOpen =
        other && COPY_CONTROLS.indexOf(one.copy) < COPY_CONTROLS.indexOf(other.copy)
      if (to && (!other || isMoreOpen)) found.set(to.full, { ...one, to })
    }
    return [...found.values()]
  }

  /** Who is not of this system is the core's to reach, or not; what names nobody is passed over. */
  async #jidOf(uri: string): Promise<Jid | undefined> {
    try {
      return requireJid(await this.#deps.resolve(uri))
    } catch (error) {
      if (!(error instanceof SipError)) throw error
      const address = addressIn(uri)
      return address === undefined ? undefined : parseJid(address)
    }
  }
}

function parseOrRefuse(list: Buffer): ListedRecipient[] {
  try {
    return parseRecipientList(list)
  } catch (error) {
    if (!(error instanceof RecipientListError)) throw error
    throw new SipError(error.kind === 'too-large' ? 413 : 400, 'Bad Recipient List')
  }
}

/** RFC 5364 §4: blind ones are left out; those who are not to be named are counted. */
function shownOf(recipients: readonly Recipient[]): Addressee[] {
  const named = recipients.filter(({ copy, anonymize }) => copy !== 'bcc' && !anonymize)
  const counted = (['to', 'cc'] as const).flatMap((copy) => {
    const count = recipients.filter((one) => one.copy === copy && one.anonymize).length
    return count === 0 ? [] : [{ copy, address: '', anonymous: count }]
  })
  return [...named.map(shownAs), ...counted]
}

/** By the account only where the sender wrote it: whose number it is is not told to others. */
function shownAs({ uri, copy, to }: Recipient): Addressee {
  return { copy, address: addressIn(uri) === to.bare ? to.bare : uri }
}

async function finalOf(outcome: DeliveryOutcome): Promise<DeliveryOutcome> {
  return outcome.kind === 'relayed' ? outcome.final : outcome
}
