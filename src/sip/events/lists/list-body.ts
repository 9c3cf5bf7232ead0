/**
 * The body of a list's NOTIFY (RFC 4662 §5): meta-information first, then one part for each state
 * that differs. What finds no room is left for the next one.
 */
import { RLMI, type RlmiInstance, type RlmiResource, renderRlmi } from '../../../formats/rlmi.ts'
import { type Multipart, type Part, renderRelated } from '../../message/multipart.ts'
import type { Rendered } from '../event-package.ts'
import type { ListMember } from './list-member.ts'
import type { ListNode, ListResource } from './list-node.ts'

export interface Telling {
  /** The list's count of changes when this is rendered. */
  readonly at: number
  /** The count that the watcher has taken; `undefined`: tell all. */
  readonly known: number | undefined
  readonly contentType: string
  /** Of each member that may have news, what there is to tell. */
  readonly renderings: ReadonlyMap<ListMember, Rendered | undefined>
  /** Bytes, roughly. */
  readonly maxBytes: number
  /** What Content-IDs of this NOTIFY begin with, and no others. */
  readonly idPrefix: string
}

/** What a part costs besides its body, and a resource besides its names. */
const PART_BYTES = 220
const RESOURCE_BYTES = 130

/** Parts by what is in them: watchers who see the same refer to the same part. */
type Parts = Map<unknown, Part & { readonly contentId: string }>

export class ListBody {
  readonly #telling: Telling
  /** Whether a full state names those, too, whose state finds no room. */
  readonly #namesAll: boolean
  #room: number
  #parts = 0
  #resources = 0
  /** What found no room. */
  readonly left: ListResource[] = []

  constructor(root: ListNode, telling: Telling) {
    this.#telling = telling
    const names = telling.known === undefined ? namesOf(root) : 0
    this.#namesAll = names <= telling.maxBytes
    this.#room = telling.maxBytes - (this.#namesAll ? names : 0)
  }

  /** Nothing to tell. */
  get isEmpty(): boolean {
    return this.#resources === 0 && this.left.length === 0
  }

  /** `version`: that of the subscription. */
  render(root: ListNode, version: number): Multipart {
    const known = this.#telling.known
    const parts: Parts = new Map()
    return this.#finish(root, { known, version, parts, resources: this.#tell(root, known, parts) })
  }

  #tell(node: ListNode, known: number | undefined, parts: Parts): RlmiResource[] {
    const resources = node
      .concerned(known)
      .flatMap((resource) => this.#renderResource(resource, known, parts) ?? [])
    this.#resources += resources.length
    return resources
  }

  #finish(
    { uri, name }: ListNode,
    told: {
      readonly known: number | undefined
      readonly version: number
      readonly parts: Parts
      readonly resources: readonly RlmiResource[]
    },
  ): Multipart {
    const { known, version, parts, resources } = told
    const rlmi = renderRlmi({ uri, version, fullState: known === undefined, name, resources })
    const contentId = this.#nextId()
    const contentType = `${RLMI};charset="UTF-8"`
    return renderRelated([{ contentId, contentType, body: Buffer.from(rlmi) }, ...parts.values()])
  }

  /** `undefined` where there is nothing new to say of it, or no room for it. */
  #renderResource(
    resource: ListResource,
    known: number | undefined,
    parts: Parts,
  ): RlmiResource | undefined {
    const { uri, name } = resource
    if (this.#room <= 0) {
      this.left.push(resource)
      for (const member of resource.members.values()) member.untell()
      return known === undefined && this.#namesAll ? { uri, name, instances: [] } : undefined
    }
    const instances = this.#instancesOf(resource, known, parts)
    const isNews = known === undefined || instances.length > 0 || resource.renamedAt > known
    if (!isNews) return undefined
    if (known !== undefined || !this.#namesAll) this.#room -= nameBytes(resource)
    return { uri, name, instances }
  }

  #instancesOf(
    resource: ListResource,
    known: number | undefined,
    parts: Parts,
  ): readonly RlmiInstance[] {
    const { noState, sublist, isGone, members } = resource
    if (noState) return [{ id: '0', state: 'terminated', reason: noState }]
    const departed = known === undefined ? [] : departedSince(resource, known)
    if (isGone) return departed.length > 0 ? departed : GONE
    if (sublist) return this.#renderSublist(sublist, parts)
    const present = [...members.values()].flatMap((one) => this.#renderMember(one, parts) ?? [])
    const isNew = known === undefined || resource.renamedAt > known
    return [...departed, ...(isNew ? refusedOf(resource) : []), ...present]
  }

  /** §5.5: a list within a list is a part of several parts. */
  #renderSublist(node: ListNode, outer: Parts): readonly RlmiInstance[] {
    const known = node.knownOf(this.#telling.known)
    const parts: Parts = new Map()
    const resources = this.#tell(node, known, parts)
    if (known !== undefined && resources.length === 0) return []
    const version = node.nextVersion(known, this.#telling.at)
    const cid = this.#partOf(outer, node, () =>
      this.#finish(node, { known, version, parts, resources }),
    )
    return [{ id: '0', state: 'active', cid }]
  }

  #renderMember(member: ListMember, parts: Parts): RlmiInstance | undefined {
    const { at, renderings, contentType } = this.#telling
    const rendered = renderings.get(member)
    if (!member.isNews(rendered)) {
      member.untell()
      return undefined
    }
    const state = member.tell(at, rendered)
    const about = { id: member.instanceId, state, watcher: member.behalf }
    if (state === 'terminated') return { ...about, reason: member.reason }
    if (!rendered) return about
    const type = rendered.contentType ?? `${contentType};charset="UTF-8"`
    const { body } = rendered
    return { ...about, cid: this.#partOf(parts, rendered, () => ({ contentType: type, body })) }
  }

  /** The Content-ID of the part that has this, made where there is none. */
  #partOf(parts: Parts, key: unknown, make: () => Multipart): string {
    const known = parts.get(key)
    if (known) return known.contentId
    const contentId = this.#nextId()
    const part = { contentId, ...make() }
    parts.set(key, part)
    this.#room -= PART_BYTES + part.body.length
    return contentId
  }

  #nextId(): string {
    this.#parts += 1
    return `${this.#telling.idPrefix}.${this.#parts}@heliograph.invalid`
  }
}

const GONE: readonly RlmiInstance[] = [{ id: '0', state: 'terminated', reason: 'noresource' }]

function departedSince({ departed }: ListResource, known: number): RlmiInstance[] {
  return [...(departed ?? [])]
    .filter(([, { at }]) => at > known)
    .map(([id, { behalf }]) => ({ id, state: 'terminated', reason: 'noresource', watcher: behalf }))
}

function refusedOf({ refused = [] }: ListResource): RlmiInstance[] {
  return refused.map((watcher, at) => {
    return { id: `refused-${at}`, state: 'terminated', reason: 'rejected', watcher }
  })
}

function namesOf(node: ListNode): number {
  let bytes = 0
  for (const resource of node.resources.values()) {
    bytes += nameBytes(resource) + (resource.sublist ? namesOf(resource.sublist) : 0)
  }
  return bytes
}

function nameBytes({ uri, name }: ListResource): number {
  return RESOURCE_BYTES + uri.length + (name?.length ?? 0)
}
