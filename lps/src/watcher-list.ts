/** Who watches a user, and who waits for his word (RFC 3857). */
import { parseWatcherInfo, type ReadWatcher } from '../../src/formats/watcherinfo.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import type { Link } from './link.ts'
import { Subscription, type SubscriptionHandler } from './subscription.ts'

export interface WatcherList extends AsyncDisposable {
  readonly presentity: string
  /** Empty until the server has told. */
  readonly watchers: readonly ReadWatcher[]
  /** Those that wait for the user’s word. */
  readonly waiting: readonly ReadWatcher[]
  onChange(listener: (list: WatcherList) => void): Disposable
  close(): Promise<void>
}

export class LiveWatcherList implements WatcherList, SubscriptionHandler {
  readonly uri: string
  readonly event = 'presence.winfo'
  readonly headers: SubscriptionHandler['headers']
  readonly #link: Link
  readonly #listeners = new Set<(list: WatcherList) => void>()
  readonly #subscription: Subscription
  #watchers: readonly ReadWatcher[] = []

  constructor(link: Link, presentity: string) {
    this.uri = presentity
    this.headers = [
      ['P-Asserted-Identity', `<${presentity}>`],
      ['Accept', 'application/watcherinfo+xml'],
    ]
    this.#link = link
    this.#subscription = new Subscription(link, this)
  }

  get presentity(): string {
    return this.uri
  }

  get watchers(): readonly ReadWatcher[] {
    return this.#watchers
  }

  get waiting(): readonly ReadWatcher[] {
    return this.#watchers.filter(({ status }) => status === 'pending' || status === 'waiting')
  }

  onChange(listener: (list: WatcherList) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  close(): Promise<void> {
    return this.#subscription.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  whole(): undefined {
    return undefined
  }

  notified({ body }: SipRequest): void {
    if (body.length === 0) return
    try {
      this.#watchers = parseWatcherInfo(body).flatMap(({ watchers }) => watchers)
    } catch (err) {
      this.#link.log.warn({ what: 'lps_watchers_not_read', err })
      return
    }
    for (const listener of this.#listeners) listener(this)
  }

  refused({ status, reason }: SipResponse): void {
    this.#link.log.warn({ what: 'lps_watchers_refused', status, reason })
  }
}
