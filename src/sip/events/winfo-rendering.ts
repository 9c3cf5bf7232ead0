/**
 * What a NOTIFY of watcher information carries (RFC 3858): all watchers first, then those whose
 * subscription has changed (RFC 3857 §4.8), or what a filter leaves of all (RFC 4660).
 */
import { filtered, isTriggered } from '../../formats/filter/apply-filter.ts'
import type { Filter } from '../../formats/filter/filter-model.ts'
import {
  renderWatcherInfo,
  WATCHERINFO_LIMITS,
  type WatcherEntry,
  type WatcherInfo,
} from '../../formats/watcherinfo.ts'
import { parseDocument } from '../../xml/document.ts'
import type { Element } from '../../xml/element.ts'
import type { ComparedState, Rendered, State, Viewing } from './event-package.ts'

export interface Watched {
  readonly resource: string
  /** The event package that is watched. */
  readonly package: string
  readonly live: readonly WatcherEntry[]
  /** Those that have ended since the last NOTIFY. */
  readonly ended: readonly WatcherEntry[]
}

export function renderWatched(watched: Watched, { version, known }: Viewing): Rendered {
  const { live, ended } = watched
  const state = live.map(lineOf).join('\n')
  const changed = known === undefined ? undefined : changedSince(known, watched)
  const info = changed
    ? infoOf(watched, { version, state: 'partial' }, changed)
    : infoOf(watched, { version, state: 'full' }, [...live, ...ended])
  return { body: Buffer.from(renderWatcherInfo(info)), state }
}

function infoOf(
  { resource, package: event }: Watched,
  head: Pick<WatcherInfo, 'version' | 'state'>,
  watchers: readonly WatcherEntry[],
): WatcherInfo {
  return { ...head, lists: [{ resource, package: event, watchers }] }
}

/** What of a watcher is news; times are not. */
function lineOf({ id, status, event }: WatcherEntry): string {
  return `${id} ${status} ${event}`
}

/** `undefined` where all has to be told: nearly all is news, or somebody is gone and nobody knows why. */
function changedSince(known: State, { live, ended }: Watched): WatcherEntry[] | undefined {
  if (typeof known !== 'string') return undefined
  const before = new Set(known.split('\n'))
  const changed = live.filter((entry) => !before.has(lineOf(entry)))
  const ids = new Set(live.map(({ id }) => id))
  const gone = [...before].flatMap((line) => line.split(' ')[0] || []).filter((id) => !ids.has(id))
  const told = ended.filter(({ id }) => gone.includes(id))
  const count = changed.length + told.length
  return told.length === gone.length && count > 0 && count < live.length
    ? [...changed, ...told]
    : undefined
}

export function renderFilteredWatched(
  watched: Watched,
  filter: Filter,
  { version, known }: Viewing,
): Rendered {
  const state = filteredState(watched, filter, known)
  const body = state.left === undefined ? '' : `${DECLARATION}${state.numbered(version)}`
  return { body: Buffer.from(body), state }
}

const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

function filteredState(
  watched: Watched,
  { what, triggers }: Filter,
  known: State | undefined,
): WatchedState {
  const { live, ended } = watched
  const info = infoOf(watched, { version: 0, state: 'full' }, [...live, ...ended])
  const limits = { ...WATCHERINFO_LIMITS, maxStanzaBytes: Number.MAX_SAFE_INTEGER }
  const whole = parseDocument(renderWatcherInfo(info), limits)
  if (known instanceof WatchedState && !isTriggered(triggers, known.whole, whole)) return known
  const lines = live.map(lineOf).join('\n')
  const left = what ? filtered(whole, what) : whole
  return new WatchedState({ whole, left, news: triggers.length > 0 ? lines : newsIn(left) })
}

/** Watchers by what is news of them, as far as the filter lets them be seen. */
function newsIn(left: Element): string {
  const lists = [...left.elements()]
  const watchers = lists.flatMap((list) => [...list.elements()])
  return watchers.map(({ attrs }) => `${attrs.id} ${attrs.status} ${attrs.event}`).join('\n')
}

interface WatchedParts {
  readonly whole: Element
  readonly left: Element
  readonly news: string
}

class WatchedState implements ComparedState {
  /** Before the filter. */
  readonly whole: Element
  /** `undefined`: nothing. */
  readonly left: Element | undefined
  readonly tag: string

  constructor({ whole, left, news }: WatchedParts) {
    this.whole = whole
    this.left = left.children.length > 0 ? left : undefined
    this.tag = news
  }

  numbered(version: number): string {
    return this.left?.withAttrs({ version: String(version) }).toString() ?? ''
  }

  equals(other: State): boolean {
    return other instanceof WatchedState && this.tag === other.tag
  }
}
