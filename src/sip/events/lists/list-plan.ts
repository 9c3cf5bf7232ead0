/**
 * Who is on a list, found out before it is served: the people behind its URIs, the lists within it
 * (RFC 4662 §4.4). Nothing is watched yet.
 */
import type { BareJid } from '../../../core/address.ts'
import type { Watcher } from '../../../core/presence/access/access.ts'
import type { ListServices, ServedList } from '../../../core/presence/list-services.ts'
import type { ListEntry } from '../../../formats/resource-lists.ts'
import { SipError } from '../../errors.ts'
import { parseSipUri } from '../../message/uri.ts'
import type { People } from '../event-package.ts'
import { aorOf } from '../resources.ts'

/** A list as it is to be served. */
export interface ListPlan {
  readonly uri: string
  readonly name: string | undefined
  readonly resources: ReadonlyMap<string, PlannedResource>
  /** By what `ListServices.onChange` tells that this, or a list within it, has changed. */
  readonly keys: readonly string[]
}

export interface PlannedResource {
  readonly name: string | undefined
  readonly noState?: 'noresource' | 'rejected'
  /** Watchers on whose behalf nobody may watch it. */
  readonly refused?: readonly string[]
  /** By a key of theirs: the URI of the watcher on whose behalf it is, '' for the subscriber himself. */
  readonly members: ReadonlyMap<string, PlannedMember>
  readonly sublist?: ListPlan
}

export interface PlannedMember {
  readonly presentity: BareJid
  readonly watcher: Watcher
  readonly entity: string
  readonly behalf: string | undefined
}

export interface PlanDeps {
  readonly people: People
  readonly services: ListServices
  /** In the whole list, lists within it included. */
  readonly maxMembers: number
}

/** For whom an application server may watch whom. */
export interface OnBehalf {
  /** `undefined`: nobody that it may watch for. */
  watcherAt(uri: string): Promise<Watcher | undefined>
  mayWatch(presentity: BareJid): boolean
}

/** Lists within lists, the outermost counting as one. */
const MAX_DEPTH = 5

const NO_MEMBERS: ReadonlyMap<string, PlannedMember> = new Map()

export interface Asking {
  readonly watcher: Watcher
  readonly event: string
  /** Of an application server: each entry names its watcher. */
  readonly onBehalf?: OnBehalf | undefined
}

interface Scope extends Asking {
  /** The lists that this one is within, itself included: a list that holds itself would not end (§7.4). */
  readonly path: readonly string[]
  readonly budget: { left: number }
}

/** Throws `SipError` 403 where it is longer than lists may be. */
export async function planList(
  deps: PlanDeps,
  list: Omit<ServedList, 'owner' | 'resources'> & { readonly resources: readonly PlannedEntry[] },
  asking: Asking,
): Promise<ListPlan> {
  return plan(deps, list, { ...asking, path: [list.uri], budget: { left: deps.maxMembers } })
}

/** A resource as a list names it. */
export interface PlannedEntry extends Pick<ListEntry, 'uri' | 'watcher'> {
  readonly name?: string | undefined
}

async function plan(
  deps: PlanDeps,
  list: Parameters<typeof planList>[1],
  scope: Scope,
): Promise<ListPlan> {
  scope.budget.left -= list.resources.length
  if (scope.budget.left < 0) throw new SipError(403, 'List Is Too Long')
  const found = await Promise.all(list.resources.map((entry) => planResource(deps, entry, scope)))
  const resources = new Map<string, PlannedResource>()
  const keys = [list.key ?? list.uri]
  found.forEach((resource, at) => {
    const { uri = '' } = list.resources[at] ?? {}
    resources.set(uri, merged(resources.get(uri), resource))
    keys.push(...(resource.sublist?.keys ?? []))
  })
  return { uri: list.uri, name: list.name, resources, keys }
}

/** One resource may have many watchers. */
function merged(before: PlannedResource | undefined, next: PlannedResource): PlannedResource {
  if (!before) return next
  const refused = [...(before.refused ?? []), ...(next.refused ?? [])]
  const members = new Map([...before.members, ...next.members])
  return { ...before, members, ...(refused.length > 0 && { refused }) }
}

async function planResource(
  deps: PlanDeps,
  { uri, name, watcher: behalf }: PlannedEntry,
  scope: Scope,
): Promise<PlannedResource> {
  const entity = entityOf(uri)
  const found = entity === undefined ? undefined : await deps.people.resolve(entity)
  if (entity !== undefined && found?.kind === 'user') {
    const presentity = found.account
    const watcher = await watcherFor(presentity, behalf, scope)
    if (watcher) {
      return { name, members: new Map([[behalf ?? '', { presentity, watcher, entity, behalf }]]) }
    }
    if (behalf !== undefined) return { name, members: NO_MEMBERS, refused: [behalf] }
    return { name, noState: 'rejected', members: NO_MEMBERS }
  }
  const sublist = entity === undefined ? undefined : await planSublist(deps, entity, scope)
  if (sublist) return { name, members: NO_MEMBERS, ...sublist }
  // Of a domain that is not ours nothing is known, which is no reason to say that nobody is there.
  const isOurs = entity !== undefined && deps.people.isLocal(parseSipUri(entity)?.host ?? '')
  return { name, members: NO_MEMBERS, ...(isOurs && { noState: 'noresource' }) }
}

/** A user watches for himself, an application server for users. */
async function watcherFor(
  presentity: BareJid,
  behalf: string | undefined,
  { watcher, onBehalf }: Scope,
): Promise<Watcher | undefined> {
  if (!onBehalf) return behalf === undefined ? watcher : undefined
  if (behalf === undefined || !onBehalf.mayWatch(presentity)) return undefined
  return await onBehalf.watcherAt(behalf)
}

async function planSublist(
  deps: PlanDeps,
  uri: string,
  scope: Scope,
): Promise<Pick<PlannedResource, 'sublist' | 'noState'> | undefined> {
  const { account } = scope.watcher
  if (account === undefined) return undefined
  const list = await deps.services.find(uri, account)
  if (!list) return undefined
  const isOpen = list.owner === undefined || list.owner === account
  const isFor = list.packages?.includes(scope.event) ?? true
  const isEndless = scope.path.includes(list.uri) || scope.path.length >= MAX_DEPTH
  if (!isOpen || !isFor || isEndless) return { noState: 'rejected' }
  return { sublist: await plan(deps, list, { ...scope, path: [...scope.path, list.uri] }) }
}

/** `undefined` for what names nobody. */
function entityOf(uri: string): string | undefined {
  try {
    return aorOf(uri)
  } catch (error) {
    if (error instanceof SipError) return undefined
    throw error
  }
}
