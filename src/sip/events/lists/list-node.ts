/**
 * What a watched list consists of: resources, each with those who watch it, or with a list in its
 * turn (RFC 4662 §5.5). Resources that may have changed are remembered until it is known that the
 * watcher has taken them: telling a change costs what has changed, not what the list has.
 */
import type { ListMember } from './list-member.ts'

/** One who was told of, and is on the list no more. */
export interface Departed {
  readonly behalf: string | undefined
  /** The list's count of changes when he left. */
  readonly at: number
}

/** A resource without members and sublist is one that nothing is known of: of another domain, or nobody. */
export class ListResource {
  readonly node: ListNode
  readonly uri: string
  #name: string | undefined
  /** Why there is no state and never will be; `undefined` where there may be. */
  noState: 'noresource' | 'rejected' | undefined
  /** Watchers on whose behalf nobody may watch it. */
  refused: readonly string[] | undefined
  /** By the URI of the watcher on whose behalf it is, '' for the subscriber himself. */
  readonly members = new Map<string, ListMember>()
  /** By the ids of their instances; most often there are none. */
  departed: Map<string, Departed> | undefined
  sublist: ListNode | undefined
  isGone = false
  /** By the list's count of changes; of the resource itself, not of its members. */
  renamedAt = 0
  changedAt = 0

  constructor(node: ListNode, uri: string, name: string | undefined) {
    this.node = node
    this.uri = uri
    this.#name = name
  }

  get name(): string | undefined {
    return this.#name
  }

  /** Also where the name is the same: it is to be told. */
  rename(name: string | undefined, at: number): void {
    this.#name = name
    this.renamedAt = at
  }
}

export class ListNode {
  readonly uri: string
  name: string | undefined
  /** The resource that this list is, in the list above. */
  readonly parent: ListResource | undefined
  readonly resources = new Map<string, ListResource>()
  readonly #bornAt: number
  readonly #changed = new Set<ListResource>()
  /** Of a list within a list: its version as the watcher has taken it, and as it was sent since. */
  #taken = -1
  #sent = { at: 0, version: -1 }

  constructor(
    uri: string,
    { name, parent, at = 0 }: { name: string | undefined; parent?: ListResource; at?: number },
  ) {
    this.uri = uri
    this.name = name
    this.parent = parent
    this.#bornAt = at
  }

  /** What is known of this list, where `known` is what is known of the outermost: nothing, if it is younger. */
  knownOf(known: number | undefined): number | undefined {
    return known !== undefined && known >= this.#bornAt ? known : undefined
  }

  /** The next version of a list within a list (RFC 4662 §5.2), told at `at`. */
  nextVersion(known: number | undefined, at: number): number {
    if (known !== undefined && this.#sent.at <= known) this.#taken = this.#sent.version
    const version = (known === undefined ? this.#sent.version : this.#taken) + 1
    this.#sent = { at, version }
    return version
  }

  /** `at`: the list's count of changes. A change of a resource is one of every list above. */
  mark(resource: ListResource, at: number): void {
    resource.changedAt = at
    this.#changed.add(resource)
    const { parent } = this
    parent?.node.mark(parent, at)
  }

  /** Those that have changed since `known`, or all. What the watcher has taken since is forgotten. */
  concerned(known: number | undefined): ListResource[] {
    const changed: ListResource[] = []
    for (const resource of this.#changed) {
      if (known !== undefined && resource.changedAt > known) changed.push(resource)
      // A list that is told in full does not have who has left it.
      else if (known !== undefined || resource.isGone) this.#settle(resource)
    }
    return known === undefined ? [...this.resources.values()] : changed
  }

  *members(): Generator<ListMember> {
    for (const { members, sublist } of this.resources.values()) {
      yield* members.values()
      if (sublist) yield* sublist.members()
    }
  }

  #settle(resource: ListResource): void {
    this.#changed.delete(resource)
    resource.departed = undefined
    if (resource.isGone && this.resources.get(resource.uri) === resource) {
      this.resources.delete(resource.uri)
    }
  }
}
