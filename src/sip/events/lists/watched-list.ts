/**
 * One list that one watcher watches (RFC 4662 §4): one dialog, one registration with the core for
 * each person on it. Changes of all its members leave in one NOTIFY, when the pacing of the
 * subscription has it; none leaves while it is not known what the watcher may see of any of them.
 */
import { type Access, EVERYTHING } from '../../../core/presence/access/access.ts'
import type { ListEntry } from '../../../formats/resource-lists.ts'
import type { Log } from '../../../util/log.ts'
import type { HeaderEntry } from '../../message/message.ts'
import type { ComparedState, EventDeps, EventPackage, Rendered, Viewing } from '../event-package.ts'
import type { WatchRegister } from '../subscribe-service.ts'
import type { Subscription } from '../subscription.ts'
import { ListBody } from './list-body.ts'
import { ListMember } from './list-member.ts'
import { ListNode, ListResource } from './list-node.ts'
import type { ListPlan, PlannedResource } from './list-plan.ts'

export interface WatchedListDeps {
  readonly log: Log
  readonly events: EventDeps
  /** The package that the list is watched in. */
  readonly base: EventPackage
  /** Of the body of one NOTIFY, in bytes. */
  readonly maxNotifyBytes: number
}

/** What the watcher has taken: all changes up to a count. */
class ListState implements ComparedState {
  readonly at: number

  constructor(at: number) {
    this.at = at
  }

  equals(other: unknown): boolean {
    return other === this
  }
}

const EVENTLIST: readonly HeaderEntry[] = [['Require', 'eventlist']]

export class WatchedList {
  readonly log: Log
  readonly events: EventDeps
  readonly base: EventPackage
  readonly subscription: Subscription
  /** How often it was looked up who is on it. */
  turn = 0
  readonly #register: WatchRegister
  readonly #maxNotifyBytes: number
  readonly #root: ListNode
  /** By what `ListServices.onChange` tells that it, or a list within it, has changed. */
  keys: readonly string[] = []
  /** Those of the request; `undefined` where the list is kept elsewhere. */
  entries: readonly ListEntry[] | undefined
  /** Of whom it is not known what the watcher may see. */
  readonly #undecided = new Set<ListMember>()
  #deciding: PromiseWithResolvers<void> | undefined
  /** Of changes, and of renderings. */
  #count = 0
  #instances = 0
  #state: ListState | undefined
  /** Until then nothing is told: the SUBSCRIBE is not answered yet. */
  #isAdmitted = false
  #closed = false

  constructor(
    deps: WatchedListDeps,
    { subscription, register }: { subscription: Subscription; register: WatchRegister },
    plan: ListPlan,
  ) {
    this.log = deps.log
    this.events = deps.events
    this.base = deps.base
    this.#maxNotifyBytes = deps.maxNotifyBytes
    this.subscription = subscription
    this.#register = register
    this.#root = new ListNode(plan.uri, { name: plan.name })
    this.apply(plan)
  }

  get closed(): boolean {
    return this.#closed
  }

  nextTurn(): number {
    this.turn += 1
    return this.turn
  }

  nextInstanceId(): string {
    this.#instances += 1
    return this.#instances.toString(36)
  }

  /** Who has come is told in the next NOTIFY, and who has left, once (RFC 4662 §4.5). */
  apply(plan: ListPlan): void {
    this.keys = plan.keys
    this.#applyTo(this.#root, plan)
  }

  changed(resource: ListResource): void {
    this.#mark(resource)
    if (this.#isAdmitted) this.subscription.changed()
  }

  doubt(member: ListMember): void {
    this.#undecided.add(member)
    this.subscription.doubt()
  }

  memberDecided(member: ListMember, before: Access | undefined): void {
    this.#settled(member)
    if (this.#closed) return
    this.#register.decided(member, before)
    if (before === undefined && member.access?.asks) void this.#register.ask(member)
  }

  memberEnded(member: ListMember): void {
    this.#settled(member)
    if (!this.#closed) this.#register.remove(member)
  }

  /** As soon as every member is decided about. */
  authorize(): Access | Promise<Access> {
    for (const member of [...this.#undecided]) member.require()
    // A new object each time: what was rendered on the word of the last one is rendered again.
    if (this.#undecided.size === 0) {
      this.#isAdmitted = true
      return { decision: 'allow', visible: EVERYTHING, asks: false }
    }
    this.#deciding ??= Promise.withResolvers()
    return this.#deciding.promise.then(() => this.authorize())
  }

  /** The subscription has ended; its last NOTIFY may be still to come. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const member of this.#root.members()) this.#register.remove(member)
  }

  render({ contentType, version, known: state }: Viewing): Rendered | Promise<Rendered> {
    const known = state instanceof ListState ? state : undefined
    // What changes while somebody is rendered is told the next time.
    const at = this.#count
    const rendering = this.#renderMembers(known?.at, contentType)
    const finish = (renderings: Map<ListMember, Rendered | undefined>) =>
      this.#assemble({ at, renderings, contentType, version, known })
    return rendering instanceof Promise ? rendering.then(finish) : finish(rendering)
  }

  #renderMembers(known: number | undefined, contentType: string) {
    const renderings = new Map<ListMember, Rendered | undefined>()
    const waiting: Promise<unknown>[] = []
    for (const member of membersOf(this.#root, known)) {
      member.settleTold(known)
      const rendered = member.render(contentType)
      if (rendered instanceof Promise) {
        waiting.push(rendered.then((one) => renderings.set(member, one)))
      } else {
        renderings.set(member, rendered)
      }
    }
    return waiting.length === 0 ? renderings : Promise.all(waiting).then(() => renderings)
  }

  #assemble(made: {
    readonly at: number
    readonly renderings: Map<ListMember, Rendered | undefined>
    readonly contentType: string
    readonly version: number
    readonly known: ListState | undefined
  }): Rendered {
    const { at, renderings, contentType, version, known } = made
    const body = new ListBody(this.#root, {
      ...{ at, known: known?.at, contentType, renderings },
      // A last NOTIFY has none after it.
      maxBytes: this.#closed ? Number.MAX_SAFE_INTEGER : this.#maxNotifyBytes,
      idPrefix: `${this.subscription.id}.${version.toString(36)}`,
    })
    const multipart = body.render(this.#root, version)
    const state = body.isEmpty && known ? known : this.#stateAt(at)
    for (const resource of body.left) this.#rename(resource, resource.name)
    return { ...multipart, state, headers: EVENTLIST, more: body.left.length > 0 }
  }

  /** The same object for the same state: it is compared, and its entity-tag holds (RFC 5839 §6.1). */
  #stateAt(at: number): ListState {
    if (this.#state?.at !== at) this.#state = new ListState(at)
    return this.#state
  }

  #mark(resource: ListResource): void {
    this.#count += 1
    resource.node.mark(resource, this.#count)
  }

  #settled(member: ListMember): void {
    this.#undecided.delete(member)
    if (this.#undecided.size > 0) return
    this.#deciding?.resolve()
    this.#deciding = undefined
  }

  #applyTo(node: ListNode, plan: ListPlan): void {
    node.name = plan.name
    for (const [uri, planned] of plan.resources) this.#applyResource(node, uri, planned)
    for (const resource of node.resources.values()) {
      if (!plan.resources.has(resource.uri) && !resource.isGone) {
        resource.isGone = true
        this.#empty(resource)
        this.#mark(resource)
      }
    }
  }

  #applyResource(node: ListNode, uri: string, planned: PlannedResource): void {
    let resource = node.resources.get(uri)
    if (!resource) {
      resource = new ListResource(node, uri, planned.name)
      node.resources.set(uri, resource)
      this.#rename(resource, planned.name)
    } else if (resource.isGone || resource.name !== planned.name) {
      this.#rename(resource, planned.name)
    }
    resource.isGone = false
    if (resource.noState !== planned.noState) {
      resource.noState = planned.noState
      this.#mark(resource)
    }
    if (resource.refused?.join() !== planned.refused?.join()) {
      resource.refused = planned.refused
      this.#rename(resource, planned.name)
    }
    this.#applyMembers(resource, planned)
    this.#applySublist(resource, planned.sublist)
  }

  #rename(resource: ListResource, name: string | undefined): void {
    this.#mark(resource)
    resource.rename(name, this.#count)
  }

  #applyMembers(resource: ListResource, { members }: PlannedResource): void {
    for (const [key, member] of resource.members) {
      const next = members.get(key)
      const isStill = next?.presentity === member.presentity && member.status !== 'terminated'
      if (!isStill) this.#dismiss(resource, key, member)
    }
    for (const [key, planned] of members) {
      if (resource.members.has(key)) continue
      const member = new ListMember(this, resource, planned)
      resource.members.set(key, member)
      this.#undecided.add(member)
      this.subscription.doubt()
      this.#register.add(member)
      this.#mark(resource)
    }
  }

  #dismiss(resource: ListResource, key: string, member: ListMember): void {
    resource.members.delete(key)
    this.#mark(resource)
    const { behalf, instanceId } = member
    resource.departed ??= new Map()
    resource.departed.set(instanceId, { behalf, at: this.#count })
    member.forget()
    this.#settled(member)
    this.#register.remove(member)
  }

  #applySublist(resource: ListResource, plan: ListPlan | undefined): void {
    if (!plan) {
      if (resource.sublist) this.#empty(resource)
      return
    }
    if (resource.sublist?.uri !== plan.uri) {
      this.#empty(resource)
      this.#mark(resource)
      const { name } = plan
      resource.sublist = new ListNode(plan.uri, { name, parent: resource, at: this.#count })
    }
    this.#applyTo(resource.sublist, plan)
  }

  /** Nobody on it is watched any more. */
  #empty(resource: ListResource): void {
    for (const [key, member] of resource.members) this.#dismiss(resource, key, member)
    const { sublist } = resource
    if (!sublist) return
    for (const inner of sublist.resources.values()) this.#empty(inner)
    resource.sublist = undefined
    this.#mark(resource)
  }
}

/** Those of whom there may be something to tell. */
function* membersOf(node: ListNode, known: number | undefined): Generator<ListMember> {
  for (const { members, sublist } of node.concerned(known)) {
    yield* members.values()
    if (sublist) yield* membersOf(sublist, sublist.knownOf(known))
  }
}
