/**
 * The resource list server (RFC 4662): SUBSCRIBEs to lists, whether the list is kept here or comes
 * in the body (RFC 5367). Lists are for users of this system, who may watch their own and those that
 * are everybody's; application servers bring theirs (docs/adr).
 */
import type { BareJid } from '../../../core/address.ts'
import type { Watcher } from '../../../core/presence/access/access.ts'
import type { ListServices } from '../../../core/presence/list-services.ts'
import { flatten } from '../../../formats/flat-list.ts'
import type { ListEntry } from '../../../formats/resource-lists.ts'
import type { Log } from '../../../util/log.ts'
import { SipError } from '../../errors.ts'
import type { SipRequest } from '../../message/message.ts'
import { tokensOf } from '../../message/values.ts'
import type {
  EventDeps,
  EventPackage,
  Refreshed,
  ServedPackage,
  Subject,
} from '../event-package.ts'
import { allowEvents } from '../headers.ts'
import type { Served, SubscribeService, Wanted } from '../subscribe-service.ts'
import type { Subscription } from '../subscription.ts'
import { type ListPlan, type OnBehalf, type PlanDeps, planList } from './list-plan.ts'
import {
  askedFor,
  changed,
  listChanges,
  RECIPIENT_LIST_SUBSCRIBE,
  recipientList,
  refusalOf,
} from './recipient-list.ts'
import { WatchedList } from './watched-list.ts'

export const EVENTLIST = 'eventlist'

export interface ListLimits {
  /** Members of one list, those of lists within it included. */
  readonly maxMembers: number
  /** Lists that one watcher watches. */
  readonly maxPerWatcher: number
  /** Of the body of one NOTIFY, in bytes. */
  readonly maxNotifyBytes: number
}

export interface ListServiceDeps {
  readonly log: Log
  readonly events: EventDeps
  readonly services: ListServices
  readonly limits: ListLimits
  /** Application servers, which watch for others. */
  readonly applications?: Applications
}

/** For whom, and for whose presence, an application server may watch; known by its address as a watcher. */
export interface Applications {
  called(address: string): (Pick<OnBehalf, 'mayWatch'> & { readonly domain: BareJid }) | undefined
}

interface Planned {
  readonly plan: ListPlan
  readonly entries: readonly ListEntry[] | undefined
}

type ListPackage = EventPackage & { readonly service: ServedPackage }

export class ListService implements SubscribeService {
  readonly name = 'lists'
  readonly #deps: ListServiceDeps
  readonly #planDeps: PlanDeps
  readonly #packages = new Map<EventPackage, ListPackage>()
  /** Also of subscriptions that have ended: their last NOTIFY is still to come. */
  readonly #lists = new WeakMap<Subject, WatchedList>()
  readonly #byKey = new Map<string, Set<WatchedList>>()
  readonly #countByWatcher = new Map<string, number>()
  /** Lists that are looked at anew, and whether they have changed meanwhile. */
  readonly #stale = new Map<WatchedList, boolean>()

  constructor(deps: ListServiceDeps) {
    this.#deps = deps
    const { people } = deps.events
    this.#planDeps = { people, services: deps.services, maxMembers: deps.limits.maxMembers }
  }

  /** Follows changes of lists until it is disposed of. */
  start(): Disposable {
    return this.#deps.services.onChange((key) => this.#listChanged(key))
  }

  async claim(wanted: Wanted, request: SipRequest): Promise<Served | undefined> {
    const planned = await this.#plan(wanted)
    if (!planned) {
      if (this.#onBehalfOf(wanted.watcher)) throw new SipError(403, 'Watches by Lists Only')
      // RFC 3261 §8.2.2.3: who requires that his list is looked at has none.
      if (!tokensOf(request.headers, 'Require').includes(RECIPIENT_LIST_SUBSCRIBE)) return undefined
      throw new SipError(400, 'Missing Recipient List')
    }
    // RFC 4662 §4.1.
    if (!tokensOf(request.headers, 'Supported').includes(EVENTLIST)) {
      throw new SipError(421, undefined, [['Require', EVENTLIST]])
    }
    this.#requireRoomFor(wanted.watcher)
    return this.#serve(wanted, planned)
  }

  async restore(wanted: Wanted): Promise<Served | undefined> {
    const planned = await this.#planOrNone(wanted)
    return planned && this.#serve(wanted, planned)
  }

  /** An application server has as many as it needs for all of its users. */
  #requireRoomFor({ address, account }: Watcher): void {
    const watching = this.#countByWatcher.get(address) ?? 0
    const { maxPerWatcher } = this.#deps.limits
    if (account && watching >= maxPerWatcher) throw new SipError(403, 'Too Many Lists')
  }

  #serve({ package: base, watcher }: Wanted, { plan, entries }: Planned): Served {
    const presentity = watcher.account ?? this.#deps.applications?.called(watcher.address)?.domain
    if (presentity === undefined) throw new SipError(403, 'Lists Are for Users')
    return {
      package: this.#packageFor(base),
      presentity,
      begin: (subscription, register) => {
        const { log, events, limits } = this.#deps
        const { maxNotifyBytes } = limits
        const deps = { log, events, base, maxNotifyBytes }
        const list = new WatchedList(deps, { subscription, register }, plan)
        list.entries = entries
        this.#add(list)
      },
    }
  }

  /** One for each package, as the table of subscriptions finds watches by package. */
  #packageFor(base: EventPackage): ListPackage {
    let made = this.#packages.get(base)
    if (!made) {
      made = {
        ...base,
        specs: ['RFC 4662', 'RFC 5367'],
        bodies: [...(base.bodies ?? []), recipientList, listChanges],
        authorize: (_deps, subject) => this.#require(subject).authorize(),
        render: (_deps, subject, viewing) => this.#require(subject).render(viewing),
        // The watches of the members follow the package that the list is watched in.
        watch: () => ({ [Symbol.dispose]: () => undefined }),
        service: {
          name: this.name,
          headers: [['Require', EVENTLIST]],
          refreshed: (subscription) => this.#refreshed(subscription),
          ended: (subscription) => this.#ended(subscription),
        },
      }
      this.#packages.set(base, made)
    }
    return made
  }

  /** A refresh looks again who is on the list, and whoever said no is asked again. */
  async #refreshed(subscription: Subscription): Promise<Refreshed> {
    const list = this.#require(subscription)
    const changes = listChanges.of(subscription.asked)
    if (changes && subscription.asked) {
      if (!list.entries) throw new SipError(415, undefined, [['Accept', '']])
      subscription.asked = askedFor(changed(list.entries, changes), subscription.asked)
    }
    const turn = list.nextTurn()
    const planned = await this.#plan(wantedBy(list))
    if (!planned) throw new SipError(404)
    this.#apply(list, turn, planned)
    return changes && 'changes'
  }

  #ended(subscription: Subscription): void {
    const list = this.#lists.get(subscription)
    if (!list || list.closed) return
    list.close()
    this.#unindex(list)
    const { address } = subscription.watcher
    const count = (this.#countByWatcher.get(address) ?? 1) - 1
    if (count === 0) this.#countByWatcher.delete(address)
    else this.#countByWatcher.set(address, count)
  }

  #add(list: WatchedList): void {
    const { subscription } = list
    const { address } = subscription.watcher
    this.#lists.set(subscription, list)
    this.#index(list)
    this.#countByWatcher.set(address, (this.#countByWatcher.get(address) ?? 0) + 1)
  }

  #require(subject: Subject): WatchedList {
    const list = this.#lists.get(subject)
    if (!list) throw new Error('a list is served that nobody watches')
    return list
  }

  async #plan(wanted: Wanted): Promise<Planned | undefined> {
    const { watcher, package: base } = wanted
    const asking = { watcher, event: base.event, onBehalf: this.#onBehalfOf(watcher) }
    try {
      const listed = recipientList.of(wanted.asked)
      if (listed) {
        const max = this.#deps.limits.maxMembers
        const entries = await flatten({ kind: 'list', members: listed }, undefined, max)
        const resources = entries.map(({ displayName, ...entry }) => ({
          ...entry,
          name: displayName,
        }))
        const list = { uri: wanted.entity, resources }
        return { plan: await planList(this.#planDeps, list, asking), entries }
      }
      const list = await this.#kept(wanted)
      return list && { plan: await planList(this.#planDeps, list, asking), entries: undefined }
    } catch (error) {
      throw refusalOf(error)
    }
  }

  #onBehalfOf({ address }: Watcher): OnBehalf | undefined {
    const application = this.#deps.applications?.called(address)
    if (!application) return undefined
    const { people, access } = this.#deps.events
    return {
      mayWatch: (presentity) => application.mayWatch(presentity),
      async watcherAt(uri) {
        const found = await people.resolve(uri)
        if (found.kind !== 'user' || !application.mayWatch(found.account)) return undefined
        return access.watcher(found.account, 'sip')
      },
    }
  }

  async #kept({ entity, watcher, package: base }: Wanted) {
    const { account } = watcher
    const { events, services } = this.#deps
    // RFC 4826 §4.4.5: what is a user's is no list's; most SUBSCRIBEs are to users, who are in memory.
    if ((await events.people.resolve(entity)).kind === 'user') return undefined
    const list = account && (await services.find(entity, account))
    if (!list) return undefined
    if (list.owner !== undefined && list.owner !== account) throw new SipError(403, 'Not Your List')
    // RFC 4826 §4.5.
    if (list.packages && !list.packages.includes(base.event)) {
      throw new SipError(489, undefined, allowEvents(list.packages.map((event) => ({ event }))))
    }
    return list
  }

  #listChanged(key: string): void {
    for (const list of this.#byKey.get(key) ?? []) {
      // Changes that come while one is looked at are looked at together.
      const isUnderWay = this.#stale.has(list)
      this.#stale.set(list, true)
      if (!isUnderWay) void this.#follow(list)
    }
  }

  /** Never rejects. */
  async #follow(list: WatchedList): Promise<void> {
    try {
      while (this.#stale.get(list) && !list.closed) {
        this.#stale.set(list, false)
        await this.#replan(list)
      }
    } catch (err) {
      this.#deps.log.error({ what: 'sip_list_not_followed', err })
    } finally {
      this.#stale.delete(list)
    }
  }

  /** What is no list any more, or not the watcher's, ends. */
  async #replan(list: WatchedList): Promise<void> {
    const turn = list.nextTurn()
    const planned = await this.#planOrNone(wantedBy(list))
    if (!planned) {
      list.subscription.terminate('noresource')
      return
    }
    this.#apply(list, turn, planned)
    list.subscription.changed()
  }

  async #planOrNone(wanted: Wanted): Promise<Planned | undefined> {
    try {
      return await this.#plan(wanted)
    } catch (error) {
      if (error instanceof SipError) return undefined
      throw error
    }
  }

  /** Unless who is on the list was looked up again meanwhile: what is newer holds. */
  #apply(list: WatchedList, turn: number, { plan, entries }: Planned): void {
    if (list.closed || turn !== list.turn) return
    this.#unindex(list)
    list.entries = entries
    list.apply(plan)
    this.#index(list)
  }

  #index(list: WatchedList): void {
    for (const key of list.keys) {
      const others = this.#byKey.get(key)
      if (others) others.add(list)
      else this.#byKey.set(key, new Set([list]))
    }
  }

  #unindex(list: WatchedList): void {
    for (const key of list.keys) {
      const others = this.#byKey.get(key)
      others?.delete(list)
      if (others?.size === 0) this.#byKey.delete(key)
    }
  }
}

function wantedBy({ subscription, base }: WatchedList): Wanted {
  const { entity, watcher, asked } = subscription
  return { package: base, entity, watcher, asked }
}
