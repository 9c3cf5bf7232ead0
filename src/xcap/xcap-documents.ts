/**
 * All documents by their application: those that are kept, those that show shared data, those that
 * are made when asked for. Changes of one user's documents take turns.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../core/address.ts'
import type { XcapDocumentRows, XcapQuota } from '../storage/stores/xcap-documents.ts'
import type { Clock } from '../util/clock.ts'
import { KeyedQueue } from '../util/keyed-queue.ts'
import type { Log } from '../util/log.ts'
import { parseDocument } from '../xml/document.ts'
import type { ApplicationUsage, Claim } from './application-usage.ts'
import { limitsOf, requireWellFormed } from './document-body.ts'
import { conflict, notUnique, XcapRefusal } from './xcap-refusal.ts'

/** A document in the tree of users; `account` is whose. */
export interface DocumentKey {
  readonly account: BareJid
  readonly auid: string
  readonly name: string
}

export interface XcapDocument {
  readonly text: string
  /** The same as long as the text is, also after a restart (RFC 4825 §8.5). */
  readonly etag: string
}

export interface XcapLimits extends XcapQuota {
  readonly documentBytes: number
}

export interface XcapDocumentsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly rows: XcapDocumentRows
  readonly usages: readonly ApplicationUsage[]
  readonly limits: XcapLimits
}

/** `made` is what a client has put, where it was one. */
export type XcapListener = (key: DocumentKey, made?: XcapDocument) => void

/** Requests of one user that may wait for the one before. */
const MAX_WAITING = 100

export class XcapDocuments implements Disposable {
  readonly #deps: XcapDocumentsDeps
  readonly #usages: ReadonlyMap<string, ApplicationUsage>
  readonly #queue = new KeyedQueue<BareJid>(MAX_WAITING)
  readonly #listeners = new Set<XcapListener>()
  /** Those that clients are changing: what follows of it is told once, at the end. */
  readonly #changing = new Set<string>()
  readonly #watches = new DisposableStack()

  constructor(deps: XcapDocumentsDeps) {
    this.#deps = deps
    this.#usages = new Map(deps.usages.map((usage) => [usage.auid, usage]))
    for (const { auid, shared } of deps.usages) {
      if (!shared) continue
      const { name } = shared
      this.#watches.use(
        shared.watch((account) => {
          const key = { account, auid, name }
          if (!this.#changing.has(idOf(key))) this.#tell(key)
        }),
      )
    }
  }

  [Symbol.dispose](): void {
    this.#watches.dispose()
  }

  usage(auid: string): ApplicationUsage | undefined {
    return this.#usages.get(auid)
  }

  /** Called when a document of a user may have changed: it is to be read again. */
  onChange(listener: XcapListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  async read({ account, auid, name }: DocumentKey): Promise<XcapDocument | undefined> {
    const usage = this.#usages.get(auid)
    if (usage?.made?.tree === 'users' && usage.made.name === name) {
      return documentOf(await usage.made.make(account))
    }
    const kept = await this.#deps.rows.find({ account, auid, name })
    const isShared = usage?.shared?.name === name
    return documentOf(isShared ? await usage?.shared?.show(account, kept) : kept?.text)
  }

  /** In the global tree. */
  async readGlobal(auid: string, name: string): Promise<XcapDocument | undefined> {
    const made = this.#usages.get(auid)?.made
    if (made?.tree !== 'global' || made.name !== name) return undefined
    return documentOf(await made.make(undefined))
  }

  /** All that the user has, in order. */
  async list(account: BareJid): Promise<{ auid: string; name: string }[]> {
    const kept = await this.#deps.rows.list(account)
    const keys = kept.map(({ auid, name }) => ({ auid, name }))
    for (const { auid, shared } of this.#usages.values()) {
      if (!shared || keys.some((key) => key.auid === auid && key.name === shared.name)) continue
      if ((await shared.show(account, undefined)) !== undefined) {
        keys.push({ auid, name: shared.name })
      }
    }
    return keys.sort((a, b) => (`${a.auid}/${a.name}` < `${b.auid}/${b.name}` ? -1 : 1))
  }

  /**
   * Makes of a document what `work` answers, `undefined` being none; answers the document as it is
   * then. No other change of the user's comes between. Throws `XcapRefusal`, `Conflict`.
   */
  async change(
    key: DocumentKey,
    work: (current: XcapDocument | undefined) => string | undefined,
  ): Promise<XcapDocument | undefined> {
    if (this.#queue.isFull(key.account)) {
      throw new XcapRefusal(503, 'Too many changes are waiting', { 'retry-after': '5' })
    }
    return await this.#queue.run(key.account, async () => {
      const current = await this.read(key)
      const next = work(current)
      if (next === current?.text) return current
      this.#changing.add(idOf(key))
      try {
        if (next === undefined) await this.#remove(key)
        else await this.#put(key, next)
      } finally {
        this.#changing.delete(idOf(key))
      }
      return await this.#changed(key, next)
    })
  }

  async #changed(key: DocumentKey, text: string | undefined): Promise<XcapDocument | undefined> {
    const { account, auid, name } = key
    const updatedAt = this.#deps.clock.now()
    this.#usages.get(auid)?.stored?.({ account, name, text, updatedAt })
    const made = await this.read(key)
    this.#tell(key, made)
    return made
  }

  /**
   * A shared document says the same of data that it refers to, which have changed: they are applied
   * again, where what it said is still so.
   */
  async renew(key: DocumentKey): Promise<void> {
    await this.#queue.run(key.account, async () => {
      const { rows, limits } = this.#deps
      const shared = this.#usages.get(key.auid)?.shared
      const kept = await rows.find(key)
      if (!kept || !shared || (await shared.show(key.account, kept)) !== kept.text) return
      const root = parseDocument(kept.text, limitsOf(limits.documentBytes))
      const mark = await shared.apply({ ...key, text: kept.text, root })
      if (mark !== kept.mark) await rows.put({ ...kept, mark }, [], limits)
    })
  }

  /** Takes up what was there before a restart. */
  async restore(): Promise<void> {
    for (const { auid, stored } of this.#usages.values()) {
      if (!stored) continue
      for (const row of await this.#deps.rows.ofUsage(auid)) {
        const { name, text, updated_at: updatedAt } = row
        stored({ account: row.account as BareJid, name, text, updatedAt })
      }
    }
  }

  /** The user is gone, and what he had with him: a namesake who comes later is somebody else. */
  forget(account: BareJid): void {
    const updatedAt = this.#deps.clock.now()
    for (const { stored } of this.#usages.values()) {
      stored?.({ account, name: '', text: undefined, updatedAt })
    }
  }

  async #put(key: DocumentKey, text: string): Promise<void> {
    const { account, auid, name } = key
    const { clock, rows, limits } = this.#deps
    const usage = this.#usages.get(auid)
    const xmlLimits = limitsOf(limits.documentBytes)
    requireWellFormed(text, xmlLimits)
    const root = parseDocument(text, xmlLimits)
    if (!usage?.check || usage.allows?.(name) === false) {
      throw conflict('constraint-failure', `There is no document ${name} of ${auid}`)
    }
    const candidate = { account, name, text, root }
    await usage.check(candidate)
    const claims = usage.claims?.(candidate) ?? []
    const values = claims.map(({ value }) => value)
    const mark = usage.shared?.name === name ? await usage.shared.apply(candidate) : ''
    const row = { ...key, text, mark, updated_at: clock.now() }
    const put = await rows.put(row, values, limits)
    if (put.kind === 'over-quota') throw new XcapRefusal(507, 'The documents take too much room')
    if (put.kind === 'claimed') throw taken(claims, new Set(put.values))
  }

  async #remove(key: DocumentKey): Promise<void> {
    const usage = this.#usages.get(key.auid)
    if (usage?.shared?.name === key.name) await usage.shared.clear(key.account)
    await this.#deps.rows.remove(key)
  }

  #tell(key: DocumentKey, made?: XcapDocument): void {
    for (const listener of this.#listeners) {
      try {
        listener(key, made)
      } catch (err) {
        this.#deps.log.error({ what: 'xcap_listener_failed', err })
      }
    }
  }
}

function taken(claims: readonly Claim[], values: ReadonlySet<string>): Error {
  const fields = claims.filter(({ value }) => values.has(value))
  return notUnique(fields, `${[...values].join(', ')} is taken`)
}

export function idOf({ account, auid, name }: DocumentKey): string {
  return `${account}\n${auid}\n${name}`
}

function documentOf(text: string | undefined): XcapDocument | undefined {
  return text === undefined ? undefined : { text, etag: etagOf(text) }
}

export function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
