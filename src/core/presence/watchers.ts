/**
 * Who watches whom now, whatever the protocol. Nothing is kept here: each protocol's part is a
 * source that is asked when somebody wants to know.
 */
import { compareText } from '../../util/compare-text.ts'
import type { BareJid } from '../address.ts'

/** One watcher of one presentity by one protocol. */
export interface LiveWatch {
  readonly presentity: BareJid
  /** The account of a user of this system; otherwise the bare JID or URI that he came with. */
  readonly watcher: string
  readonly protocol: 'xmpp' | 'sip' | 'api'
  /** Waiting for a confirmation, he sees nothing yet. */
  readonly status: 'active' | 'pending'
  /** Dialogs, or devices of his that are told. */
  readonly subscriptions: number
  /** By a contact list rather than a subscription that he asks for again and again. */
  readonly roster: boolean
}

export interface WatcherSource {
  watched(presentity: BareJid): LiveWatch[] | Promise<LiveWatch[]>
  watching(watcher: string): LiveWatch[] | Promise<LiveWatch[]>
}

export class Watchers {
  readonly #sources = new Set<WatcherSource>()

  /** Disposing of the answer removes the source. */
  add(source: WatcherSource): Disposable {
    this.#sources.add(source)
    return { [Symbol.dispose]: () => void this.#sources.delete(source) }
  }

  /** Those who watch the presentity, in order of their addresses. */
  async watched(presentity: BareJid): Promise<LiveWatch[]> {
    return this.#ask((source) => source.watched(presentity))
  }

  /** Whom the watcher watches, in order of their accounts. */
  async watching(watcher: string): Promise<LiveWatch[]> {
    return this.#ask((source) => source.watching(watcher))
  }

  async #ask(ask: (source: WatcherSource) => LiveWatch[] | Promise<LiveWatch[]>) {
    const answers = await Promise.all([...this.#sources].map(ask))
    return answers.flat().sort(byName)
  }
}

function byName(a: LiveWatch, b: LiveWatch): number {
  return (
    compareText(a.presentity, b.presentity) ||
    compareText(a.watcher, b.watcher) ||
    compareText(a.protocol, b.protocol)
  )
}
