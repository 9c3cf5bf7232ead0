/** Answers of the DNS, kept for as long as they hold (RFC 1035 §3.2.1), those that there is nothing too (RFC 2308). */
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import type { Answer, NameResolver, NameSource, NaptrRecord, SrvRecord } from './records.ts'

/** Times in milliseconds. */
export interface CacheTerms {
  /** The longest, and that of records whose time to live is not known. */
  readonly expiryMs: number
  /** That there is nothing. */
  readonly negativeMs: number
  /** Names, by kind of record. */
  readonly maxEntries: number
}

export const DEFAULT_CACHE_TERMS: CacheTerms = {
  expiryMs: 300_000,
  negativeMs: 30_000,
  maxEntries: 10_000,
}

/** Nobody could be asked: whoever comes meanwhile does not wait for the same again. */
const FAILURE_MS = 5_000

interface CacheDeps {
  readonly clock: Clock
  readonly log: Log
  readonly source: NameSource
}

export class DnsCache implements NameResolver {
  readonly #naptr: Shelf<NaptrRecord>
  readonly #srv: Shelf<SrvRecord>
  readonly #addresses: Shelf<string>

  constructor(deps: CacheDeps, terms: CacheTerms = DEFAULT_CACHE_TERMS) {
    const { source } = deps
    this.#naptr = new Shelf(deps, terms, (name) => source.naptr(name))
    this.#srv = new Shelf(deps, terms, (name) => source.srv(name))
    this.#addresses = new Shelf(deps, terms, (name) => source.addresses(name))
  }

  naptr(name: string): Promise<readonly NaptrRecord[]> {
    return this.#naptr.get(name)
  }

  srv(name: string): Promise<readonly SrvRecord[]> {
    return this.#srv.get(name)
  }

  addresses(name: string): Promise<readonly string[]> {
    return this.#addresses.get(name)
  }
}

interface Kept<T> {
  readonly records: Promise<readonly T[]>
  /** While it is being asked for, it holds. */
  until: number
}

class Shelf<T> {
  readonly #deps: CacheDeps
  readonly #terms: CacheTerms
  readonly #ask: (name: string) => Promise<Answer<T>>
  readonly #kept = new Map<string, Kept<T>>()

  constructor(deps: CacheDeps, terms: CacheTerms, ask: (name: string) => Promise<Answer<T>>) {
    this.#deps = deps
    this.#terms = terms
    this.#ask = ask
  }

  get(asked: string): Promise<readonly T[]> {
    const name = asked.toLowerCase()
    const known = this.#kept.get(name)
    if (known && known.until > this.#deps.clock.now()) return known.records
    const kept: Kept<T> = {
      records: this.#load(name, (ms) => this.#hold(kept, ms)),
      until: Infinity,
    }
    this.#keep(name, kept)
    return kept.records
  }

  async #load(name: string, hold: (ms: number) => void): Promise<readonly T[]> {
    try {
      const { records, ttlMs } = await this.#ask(name)
      const { expiryMs, negativeMs } = this.#terms
      hold(records.length === 0 ? negativeMs : Math.min(ttlMs ?? expiryMs, expiryMs))
      return records
    } catch (error) {
      this.#deps.log.warn({ what: 'sip_dns_failed', name, error: String(error) })
      hold(FAILURE_MS)
      return []
    }
  }

  #hold(kept: Kept<T>, ms: number): void {
    kept.until = this.#deps.clock.now() + ms
  }

  /** The one that was asked for longest ago makes room. */
  #keep(name: string, kept: Kept<T>): void {
    this.#kept.delete(name)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= this.#terms.maxEntries && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(name, kept)
  }
}
