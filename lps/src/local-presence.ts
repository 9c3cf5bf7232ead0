/**
 * Presence as an application server needs it: every user’s view of every other, over one connection,
 * with the server’s access rules applied there; presence published and decisions made for users.
 */
import { type Decided, type Decision, Decisions } from './decisions.ts'
import { type ConnectionStatus, Link, type LinkOptions } from './link.ts'
import { LivePublication, type Publication, type PublishedPresence } from './publication.ts'
import { type View, Views, viewKey } from './views.ts'
import { MAX_PAIRS, type Pair, WatchedPairs } from './watched-pairs.ts'
import { LiveWatcherList, type WatcherList } from './watcher-list.ts'

export type { Decision } from './decisions.ts'

export interface LocalPresenceOptions extends LinkOptions {
  /** A domain of the server’s, to which the lists are addressed. */
  readonly domain: string
}

/** One watcher’s interest in one presentity. As many as ask for it share one. */
export interface Watch extends Disposable {
  readonly watcher: string
  readonly presentity: string
  readonly view: View | undefined
}

export class LocalPresence implements AsyncDisposable {
  readonly #link: Link
  readonly #listUri: string
  readonly #views = new Views()
  readonly #decisions: Decisions
  readonly #lists: WatchedPairs[] = []
  /** How many want each pair. */
  readonly #wanted = new Map<string, number>()
  readonly #closing = new Set<AsyncDisposable>()

  /** Connects, and goes on trying until it is closed. */
  constructor(options: LocalPresenceOptions) {
    this.#link = new Link(options)
    this.#listUri = `sip:rls@${options.domain}`
    this.#decisions = new Decisions(this.#link)
    this.#link.onStatus((status) => {
      if (status === 'waiting') this.#views.doubtAll()
    })
    this.#link.start()
  }

  get status(): ConnectionStatus {
    return this.#link.status
  }

  onStatus(listener: (status: ConnectionStatus) => void): Disposable {
    return this.#link.onStatus(listener)
  }

  /** Resolves when there is a connection. */
  async connected(): Promise<void> {
    if (this.#link.status === 'up') return
    const { promise, resolve } = Promise.withResolvers<void>()
    using _listening = this.#link.onStatus((status) => {
      if (status === 'up' || status === 'closed') resolve()
    })
    await promise
  }

  /** Both are URIs of users, such as `sip:alice@example.com`. */
  watch(watcher: string, presentity: string): Watch {
    const pair = { watcher, presentity }
    const key = viewKey(watcher, presentity)
    const count = this.#wanted.get(key) ?? 0
    this.#wanted.set(key, count + 1)
    if (count === 0) {
      this.#views.add(watcher, presentity)
      this.#listWithRoom().add(pair)
    }
    let isOver = false
    const views = this.#views
    return {
      ...pair,
      get view() {
        return views.get(watcher, presentity)
      },
      [Symbol.dispose]: () => {
        if (!isOver) this.#unwatch(pair)
        isOver = true
      },
    }
  }

  /** Told whenever somebody sees something else of somebody. */
  onChange(listener: (view: View) => void): Disposable {
    return this.#views.onChange(listener)
  }

  view(watcher: string, presentity: string): View | undefined {
    return this.#views.get(watcher, presentity)
  }

  /** Rejects with `RequestFailed` where the server refuses it. Without a connection it is said when there is one. */
  async publish(presentity: string, presence: PublishedPresence): Promise<Publication> {
    const publication = new LivePublication(this.#link, presentity, presence)
    try {
      await publication.start()
    } catch (error) {
      await publication.close()
      throw error
    }
    this.#closing.add(publication)
    return publication
  }

  watchersOf(presentity: string): WatcherList {
    const list = new LiveWatcherList(this.#link, presentity)
    this.#closing.add(list)
    return list
  }

  /** What a user has decided about a watcher. Resolves when the server has it, rejects where it refuses. */
  decide(presentity: string, watcher: string, decision: Decision): Promise<void> {
    return this.#decisions.decide({ presentity, watcher, decision })
  }

  /** What was decided here and not refused, whether the server has it yet or not. */
  get decisions(): readonly Decided[] {
    return this.#decisions.all
  }

  /** Takes back what was published, ends what is watched, and closes the connection. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#closing].map((one) => one[Symbol.asyncDispose]()))
    await Promise.all(this.#lists.map((list) => list.close()))
    this.#decisions.close()
    await this.#link.close()
  }

  #listWithRoom(): WatchedPairs {
    let list = this.#lists.find(({ size }) => size < MAX_PAIRS)
    if (!list) {
      list = new WatchedPairs(this.#link, this.#views, this.#listUri)
      this.#lists.push(list)
    }
    return list
  }

  #unwatch(pair: Pair): void {
    const key = viewKey(pair.watcher, pair.presentity)
    const count = (this.#wanted.get(key) ?? 1) - 1
    if (count > 0) {
      this.#wanted.set(key, count)
      return
    }
    this.#wanted.delete(key)
    this.#views.remove(pair.watcher, pair.presentity)
    this.#lists.find((list) => list.has(pair))?.remove(pair)
  }
}
