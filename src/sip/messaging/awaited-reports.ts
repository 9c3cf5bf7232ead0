/**
 * Messages of SIP senders who wait to be told what became of them (RFC 5438 §7.1): what a report has to repeat of
 * each, for as long as there is room. Who is told after that, or after a restart, is told the time of the report.
 */
import type { BareJid } from '../../core/address.ts'
import type { Fate } from '../../core/messaging/signals.ts'

export interface Awaited {
  /** As the sender wrote it (RFC 3339). */
  readonly dateTime: string | undefined
  /** Of To, as the sender knows the recipient, or the list of them. */
  readonly to: string
  readonly originalTo: string | undefined
  /** RFC 5438 §6.5, topmost first. */
  readonly route: readonly string[]
}

const MAX_AWAITED = 10_000
/** Fates of one message, for every client and, where it went to a list, for every recipient. */
const MAX_TOLD = 1_000

interface Entry {
  readonly awaited: Awaited
  readonly told: Set<string>
}

export class AwaitedReports {
  readonly #entries = new Map<string, Entry>()

  note(sender: BareJid, messageId: string, awaited: Awaited): void {
    const key = `${sender} ${messageId}`
    this.#entries.delete(key)
    this.#entries.set(key, { awaited, told: new Set() })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_AWAITED && oldest !== undefined) this.#entries.delete(oldest)
  }

  of(sender: BareJid, messageId: string): Awaited | undefined {
    return this.#entries.get(`${sender} ${messageId}`)?.awaited
  }

  /**
   * RFC 5438 §7.2.1: at most one of each kind, however many clients a recipient has. `to` is the client that is
   * told. What is not known here is told.
   */
  isNews(sender: BareJid, messageId: string, news: News): boolean {
    const told = this.#entries.get(`${sender} ${messageId}`)?.told
    if (!told) return true
    const what = keyOf(news)
    if (told.has(what) || told.size >= MAX_TOLD) return false
    told.add(what)
    return true
  }

  /** It did not get there: the next try is news again. */
  untold(sender: BareJid, messageId: string, news: News): void {
    this.#entries.get(`${sender} ${messageId}`)?.told.delete(keyOf(news))
  }
}

export interface News {
  readonly fate: Fate
  readonly by: BareJid
  readonly to: string
}

function keyOf({ fate, by, to }: News): string {
  return `${kindOf(fate)} ${by} ${to}`
}

/** Delivered and failed are of one kind, and so are processed and stored (§5). */
function kindOf(fate: Fate): string {
  if (fate === 'failed') return 'delivered'
  return fate === 'stored' ? 'processed' : fate
}
