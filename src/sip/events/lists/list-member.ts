/**
 * One member of a list that is watched (RFC 4662 §4, "virtual subscription"): what its watcher may
 * see of it, and what he was told. No dialog and no timer of its own: there may be thousands.
 */
import type { BareJid } from '../../../core/address.ts'
import { type Access, NOTHING, type Watcher } from '../../../core/presence/access/access.ts'
import type { Timer } from '../../../util/clock.ts'
import { SipError } from '../../errors.ts'
import type { Asked } from '../asked.ts'
import type { EventPackage, Rendered, State, Subject } from '../event-package.ts'
import { isSameState, type SubscriptionStatus, type TerminationReason } from '../notify.ts'
import { StandingAccess } from '../standing-access.ts'
import type { Watch } from '../watch.ts'
import type { ListResource } from './list-node.ts'
import type { WatchedList } from './watched-list.ts'

/** What was said of a member in the NOTIFY that was rendered at `at`. */
interface Told {
  readonly at: number
  readonly status: SubscriptionStatus
  readonly state: State | undefined
  /** Of the member's documents: one more in each that the watcher gets. */
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** Where nobody can tell what the watcher may see, he sees nothing. */
const CLOSED: Access = { decision: 'block', visible: NOTHING, asks: false }
const RETRY_MS = 30_000

export class ListMember extends StandingAccess implements Watch, Subject {
  readonly presentity: BareJid
  readonly watcher: Watcher
  readonly entity: string
  /** Unique within the list. */
  readonly instanceId: string
  /** Of a watcher on whose behalf somebody else watches: his URI. */
  readonly behalf: string | undefined
  readonly #list: WatchedList
  readonly #resource: ListResource
  access: Access | undefined
  #ended: TerminationReason | undefined
  /** What the watcher has taken, and what he was sent since and may have taken. */
  #taken: Told | undefined
  #sent: Told | undefined
  #recheck: Timer | undefined

  constructor(
    list: WatchedList,
    resource: ListResource,
    init: {
      readonly presentity: BareJid
      readonly watcher: Watcher
      readonly entity: string
      readonly behalf: string | undefined
    },
  ) {
    super()
    this.#list = list
    this.#resource = resource
    this.presentity = init.presentity
    this.watcher = init.watcher
    this.entity = init.entity
    this.behalf = init.behalf
    this.instanceId = list.nextInstanceId()
  }

  get id(): string {
    return `${this.#list.subscription.id}-${this.instanceId}`
  }

  get package(): EventPackage {
    return this.#list.base
  }

  get subject(): Subject {
    return this
  }

  get asked(): Asked | undefined {
    return this.#list.subscription.asked
  }

  get status(): SubscriptionStatus {
    return this.#list.closed ? 'terminated' : this.#standing
  }

  get reason(): TerminationReason {
    return this.#ended ?? this.#list.subscription.reason
  }

  get createdAt(): number {
    return this.#list.subscription.createdAt
  }

  get expiresAt(): number {
    return this.#list.subscription.expiresAt
  }

  get displayName(): string | undefined {
    return this.behalf === undefined ? this.#list.subscription.displayName : undefined
  }

  /** As the list tells it, also in its last NOTIFY. */
  get #standing(): SubscriptionStatus {
    if (this.#ended) return 'terminated'
    return this.access?.decision === 'confirm' ? 'pending' : 'active'
  }

  /** Nothing is to be decided any more, or it is decided. */
  get isSettled(): boolean {
    return this.#ended !== undefined || this.current !== undefined
  }

  changed(): void {
    this.#list.changed(this.#resource)
  }

  doubt(): void {
    if (this.#ended) return
    this.invalidate()
    this.#list.doubt(this)
  }

  reconsider(): Promise<void> {
    if (this.#ended) return Promise.resolve()
    return this.ask().catch((error: unknown) => this.failed(error))
  }

  terminate(reason: TerminationReason): void {
    if (this.#ended) return
    this.#ended = reason
    this.#recheck?.cancel()
    this.#list.memberEnded(this)
    this.changed()
  }

  /** It leaves the list, or the list has ended: nobody is told. */
  forget(): void {
    this.#recheck?.cancel()
    this.invalidate()
  }

  protected authorize(): Access | Promise<Access> {
    return this.package.authorize(this.#list.events, this)
  }

  protected decided(access: Access): void {
    const before = this.access
    this.access = access
    this.#list.memberDecided(this, before)
    this.changed()
  }

  protected failed(error: unknown): void {
    if (error instanceof SipError) {
      this.terminate('rejected')
      return
    }
    this.#list.log.error({
      what: 'sip_access_not_decided',
      watcher: this.watcher.address,
      err: error,
    })
    this.hold(CLOSED)
    this.decided(CLOSED)
    this.#recheck = this.#list.events.clock.after(RETRY_MS, () => void this.reconsider())
  }

  /**
   * What the watcher has taken: all that was rendered up to `known`, nothing where that is `undefined`.
   * To be called before the member is rendered.
   */
  settleTold(known: number | undefined): void {
    if (known === undefined) this.#taken = undefined
    else if (this.#sent && this.#sent.at <= known) this.#taken = this.#sent
  }

  /** `undefined`: there is no state to tell, either at all or now. */
  render(contentType: string): Rendered | Promise<Rendered> | undefined {
    const { current } = this
    if (!current || this.#standing !== 'active') return undefined
    return this.package.render(this.#list.events, this, {
      contentType,
      visible: current.visible,
      version: this.#nextVersion,
      since: this.#taken?.time ?? 0,
      known: this.#taken?.state,
    })
  }

  /** Whether it is news. Of one that nobody has decided about nothing is told. */
  isNews(rendered: Rendered | undefined): boolean {
    if (!this.isSettled) return false
    const taken = this.#taken
    if (!taken || taken.status !== this.#standing) return true
    if (!rendered) return false
    return taken.state === undefined || !isSameState(taken.state, rendered.state)
  }

  /** Takes note that the NOTIFY rendered at `at` tells it. */
  tell(at: number, rendered: Rendered | undefined): SubscriptionStatus {
    const status = this.#standing
    const time = this.#list.events.clock.now()
    const version = rendered ? this.#nextVersion : this.#nextVersion - 1
    this.#sent = { at, status, state: rendered?.state, version, time }
    return status
  }

  /** The NOTIFY that is rendered does not tell it, though one that never left may have. */
  untell(): void {
    this.#sent = this.#taken
  }

  get #nextVersion(): number {
    return (this.#taken?.version ?? this.#sent?.version ?? -1) + 1
  }
}
