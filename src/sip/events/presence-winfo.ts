/**
 * The `presence.winfo` event package (RFC 3857): a presentity learns who watches him and who waits
 * for his word (RFC 3858). The ends of subscriptions are told once.
 */
import { createHash } from 'node:crypto'
import { type BareJid, parseJid } from '../../core/address.ts'
import { type Access, EVERYTHING, type Watcher } from '../../core/presence/access/access.ts'
import type { LiveWatch } from '../../core/presence/watchers.ts'
import { filterFor } from '../../formats/filter/filter-sets.ts'
import { WATCHERINFO, type WatcherEntry } from '../../formats/watcherinfo.ts'
import { SipError } from '../errors.ts'
import { sipUriOf } from '../messaging/outgoing.ts'
import { defineEventPackage, type EventDeps, type Rendered } from './event-package.ts'
import { filters } from './filters.ts'
import { presencePackage } from './presence.ts'
import type { WatcherState } from './watcher-states.ts'
import { renderFilteredWatched, renderWatched } from './winfo-rendering.ts'

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }

const EVENT = 'presence.winfo'

export const presenceWinfoPackage = defineEventPackage({
  event: EVENT,
  specs: ['RFC 3857', 'RFC 3858', 'RFC 4660'],
  contentTypes: [WATCHERINFO],
  expires: { min: 60, default: 3600, max: 86_400 }, // RFC 3857 §4.4
  minNotifyIntervalMs: 5_000, // RFC 3857 §4.10

  /** Who watches somebody is his own affair. */
  authorize(_deps, { presentity, watcher }) {
    if (watcher.account !== presentity) throw new SipError(403, 'Not Your Watchers')
    return OWN
  },

  async render(deps, { presentity, entity, asked }, viewing): Promise<Rendered> {
    const { since } = viewing
    const live = await liveWatchers(deps, presentity)
    const states = since === 0 ? [] : deps.watcherStates.endedSince(presentity, since)
    const ended = await Promise.all(states.map((state) => entryOf(deps, state)))
    const watched = { resource: entity, package: presencePackage.event, live, ended }
    const filter = asked && filterFor(filters.of(asked), entity, EVENT)
    return filter
      ? renderFilteredWatched(watched, filter, viewing)
      : renderWatched(watched, viewing)
  },

  bodies: [filters],

  watch({ watcherStates, subscriptions }, changed) {
    const watching = new DisposableStack()
    watching.use(watcherStates.onChange(changed))
    watching.use(
      subscriptions.addAudience({
        began: changed,
        ending: changed,
        requestsChanged: changed,
      }),
    )
    return watching
  },
})

/** Subscriptions, requests that wait without one, and watchers who have the presentity on a contact list. */
async function liveWatchers(deps: EventDeps, presentity: BareJid): Promise<WatcherEntry[]> {
  const states = deps.watcherStates.of(presentity)
  const requests = await deps.subscriptions.waiting(presentity)
  const others = await letIn(deps, presentity)
  const asking = new Set<string>(requests.map(({ watcher }) => watcher))
  const pending = new Set(
    states.filter(({ status }) => status === 'pending').map(({ watcher }) => watcher.address),
  )
  const seeing = new Set([...states.map((one) => one.watcher.address), ...others.map(addressOf)])
  return Promise.all([
    ...states.map((state) => entryOf(deps, state)),
    ...requests
      .filter(({ watcher }) => !pending.has(watcher))
      .map(({ watcher, stanza }) => {
        // A subscribe stanza has no end; of a SIP subscription the question outlives it (§4.7.1).
        const isLive = stanza !== undefined || seeing.has(watcher)
        return otherEntry(deps, watcher, isLive ? PENDING : WAITING)
      }),
    ...others
      .filter(({ watcher }) => !asking.has(watcher))
      .map(({ watcher }) => otherEntry(deps, watcher, APPROVED)),
  ])
}

type Standing = Pick<WatcherEntry, 'status' | 'event'>
const PENDING: Standing = { status: 'pending', event: 'subscribe' }
const WAITING: Standing = { status: 'waiting', event: 'timeout' }
const APPROVED: Standing = { status: 'active', event: 'approved' }

function addressOf({ watcher }: LiveWatch): string {
  return watcher
}

/** Watchers by XMPP who may see something. */
async function letIn(deps: EventDeps, presentity: BareJid): Promise<readonly LiveWatch[]> {
  const others = (await deps.watchers.watched(presentity)).filter(
    ({ protocol, watcher }) => protocol === 'xmpp' && watcher !== presentity,
  )
  const decisions = await Promise.all(
    others.map(({ watcher, protocol }) =>
      deps.access.of(presentity, deps.access.watcher(watcher, protocol)),
    ),
  )
  return others.filter((_, at) => decisions[at]?.decision === 'allow')
}

export async function entryOf(deps: EventDeps, state: WatcherState): Promise<WatcherEntry> {
  const { id, watcher, status, event, createdAt, expiresAt } = state
  const { account } = watcher
  const now = deps.clock.now()
  return {
    id,
    status,
    event,
    uri: await uriOf(deps, watcher),
    displayName: account ? await nameOf(deps, account) : state.displayName,
    expiration: expiresAt === undefined ? undefined : seconds(expiresAt - now),
    durationSubscribed: seconds(now - createdAt),
  }
}

async function otherEntry(
  deps: EventDeps,
  address: string,
  standing: Standing,
): Promise<WatcherEntry> {
  const watcher = deps.access.watcher(address, 'xmpp')
  const { account } = watcher
  return {
    id: createHash('sha256').update(address).digest('hex').slice(0, 16),
    ...standing,
    uri: await uriOf(deps, watcher),
    displayName: account && (await nameOf(deps, account)),
  }
}

/** RFC 3858 §3: an address of record that decisions can be about. */
async function uriOf({ people }: EventDeps, { address, account }: Watcher): Promise<string> {
  const own = account && (await people.primaryUri(account, 'sip'))
  if (own) return own
  const jid = parseJid(address)
  return jid && jid.local !== '' ? sipUriOf(jid.bare) : address
}

async function nameOf({ people }: EventDeps, account: BareJid): Promise<string | undefined> {
  return (await people.user(account))?.name || undefined
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000))
}
