/**
 * One subscription to many people on behalf of many (docs/adr/0017-application-servers.md): the whole list
 * when it begins, what comes and goes while it lasts.
 */
import { deflateSync } from 'node:zlib'
import { type ListEntry, renderResourceLists } from '../../src/formats/resource-lists.ts'
import { parseRlmi, type RlmiInstance, type RlmiList } from '../../src/formats/rlmi.ts'
import { parseMediaType } from '../../src/sip/message/media-type.ts'
import type { SipRequest, SipResponse } from '../../src/sip/message/message.ts'
import { parseMultipart, rootFirst } from '../../src/sip/message/multipart.ts'
import type { Timer } from '../../src/util/clock.ts'
import type { Link } from './link.ts'
import { type Body, Subscription, type SubscriptionHandler } from './subscription.ts'
import { presenceIn, type Views, viewKey } from './views.ts'

/** Who comes within this time comes together, in milliseconds. */
const GATHER_MS = 20

/** In one subscription; more need another. */
export const MAX_PAIRS = 1_000

export interface Pair {
  readonly watcher: string
  readonly presentity: string
}

export class WatchedPairs implements SubscriptionHandler {
  readonly uri: string
  readonly event = 'presence'
  readonly headers = [
    ['Accept', 'multipart/related, application/rlmi+xml, application/pidf+xml'],
    ['Supported', 'eventlist'],
  ] as const
  readonly #link: Link
  readonly #views: Views
  readonly #pairs = new Map<string, Pair>()
  readonly #added = new Map<string, Pair>()
  readonly #removed = new Map<string, Pair>()
  readonly #subscription: Subscription
  #gathering: Timer | undefined
  #version = -1

  constructor(link: Link, views: Views, uri: string) {
    this.uri = uri
    this.#link = link
    this.#views = views
    this.#subscription = new Subscription(link, this)
  }

  get size(): number {
    return this.#pairs.size
  }

  has(pair: Pair): boolean {
    return this.#pairs.has(viewKey(pair.watcher, pair.presentity))
  }

  add(pair: Pair): void {
    const key = viewKey(pair.watcher, pair.presentity)
    this.#pairs.set(key, pair)
    if (!this.#removed.delete(key)) this.#added.set(key, pair)
    this.#gather()
  }

  remove(pair: Pair): void {
    const key = viewKey(pair.watcher, pair.presentity)
    this.#pairs.delete(key)
    if (!this.#added.delete(key)) this.#removed.set(key, pair)
    this.#gather()
  }

  close(): Promise<void> {
    this.#gathering?.cancel()
    return this.#subscription.close()
  }

  whole(): Body {
    this.#added.clear()
    this.#removed.clear()
    this.#version = -1
    const members = [...this.#pairs.values()].map(entryOf)
    return packed('recipient-list', renderResourceLists([{ kind: 'list', members }]))
  }

  changes(): Body | undefined {
    if (this.#added.size === 0 && this.#removed.size === 0) return undefined
    const lists = [
      { kind: 'list' as const, name: 'added', members: [...this.#added.values()].map(entryOf) },
      { kind: 'list' as const, name: 'removed', members: [...this.#removed.values()].map(entryOf) },
    ]
    this.#added.clear()
    this.#removed.clear()
    return packed('recipient-list-changes', renderResourceLists(lists))
  }

  notified(notify: SipRequest): void {
    if (notify.body.length === 0) return
    try {
      this.#read(notify)
    } catch (err) {
      this.#link.log.warn({ what: 'lps_notify_not_read', err })
    }
  }

  refused({ status, reason }: SipResponse, final: boolean): void {
    this.#link.log.warn({ what: 'lps_list_refused', status, reason })
    if (!final) return
    for (const { watcher, presentity } of this.#pairs.values()) {
      const change = { state: 'terminated', reason: 'rejected', presence: undefined } as const
      this.#views.update(watcher, presentity, change)
    }
  }

  #gather(): void {
    this.#gathering?.cancel()
    this.#gathering = this.#link.clock.after(GATHER_MS, () => this.#subscription.touch())
  }

  #read({ headers, body }: SipRequest): void {
    const type = parseMediaType(headers.get('Content-Type') ?? '')
    const parts = type && rootFirst(type, parseMultipart(type, body) ?? [])
    const root = parts?.[0]
    if (!root) throw new Error('a NOTIFY of a list has no parts')
    const list = parseRlmi(root.body)
    // RFC 4662 §5.6.2: one was lost; all is asked for again, and this one is read.
    if (!list.fullState && list.version > this.#version + 1) this.#subscription.refresh()
    if (list.version <= this.#version) return
    this.#version = list.version
    const bodies = new Map(parts.map(({ contentId, body: part }) => [contentId, part]))
    this.#take(list, bodies)
  }

  #take({ resources }: RlmiList, bodies: ReadonlyMap<string | undefined, Buffer>): void {
    for (const { uri, instances } of resources) {
      for (const instance of instances) {
        if (instance.watcher !== undefined) this.#takeOne(uri, instance, bodies)
        else this.#takeForAll(uri, instance)
      }
    }
  }

  #takeOne(
    presentity: string,
    { watcher = '', state, reason, cid }: RlmiInstance,
    bodies: ReadonlyMap<string | undefined, Buffer>,
  ): void {
    const part = cid === undefined ? undefined : bodies.get(cid)
    const presence = part && presenceIn(part)
    this.#views.update(watcher, presentity, { state, reason, presence })
  }

  /** The presentity is nobody, whoever asks. */
  #takeForAll(uri: string, { state, reason }: RlmiInstance): void {
    for (const { watcher, presentity } of this.#pairs.values()) {
      if (presentity !== uri) continue
      this.#views.update(watcher, presentity, { state, reason, presence: undefined })
    }
  }
}

function entryOf({ watcher, presentity }: Pair): ListEntry {
  return { kind: 'entry', uri: presentity, watcher }
}

function packed(disposition: string, text: string): Body {
  return {
    headers: [
      ['Require', 'recipient-list-subscribe'],
      ['Content-Type', 'application/resource-lists+xml'],
      ['Content-Disposition', disposition],
      ['Content-Encoding', 'deflate'],
    ],
    body: deflateSync(text),
  }
}
