/**
 * All registered contacts: sessions of the core, one or more for each account, until they expire,
 * are removed, or the connection that they were registered over closes.
 */
import { type BareJid, parseJid } from '../../core/address.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { BindingStore } from '../../storage/stores/sip-bindings.ts'
import type { Clock, Timer } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { gauge } from '../../util/metrics.ts'
import type { MessageSender } from '../messaging/outgoing.ts'
import type { Flow, Peer } from '../transport/transport.ts'
import { Binding, type BindingState, type ContactEvent, isDurable, stateOf } from './binding.ts'

export interface BindingsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly sessions: Sessions
  readonly store: BindingStore
  readonly sender: MessageSender
}

/** `binding.event` says what happened, `binding.isBound` whether it is still there. */
export type BindingListener = (binding: Binding) => void

/** Which binding; `since` where it is an old one. */
interface Named {
  readonly account: BareJid
  readonly id: string
  readonly since?: number | undefined
}

/** One REGISTER's effect on the bindings of an account. */
export interface BindingChanges {
  readonly put: ReadonlyMap<string, BindingState>
  readonly remove: ReadonlySet<string>
}

const bindingsGauge = gauge({ name: 'heliograph_sip_bindings', help: 'Registered SIP contacts.' })

export class Bindings {
  readonly #deps: BindingsDeps
  readonly #byAccount = new Map<BareJid, Map<string, Binding>>()
  readonly #byFlow = new Map<Flow, Set<Binding>>()
  readonly #expiries = new Map<Binding, Timer>()
  readonly #listeners = new Set<BindingListener>()

  constructor(deps: BindingsDeps) {
    this.#deps = deps
  }

  /** Called after a binding came, was renewed, or went. Must not throw. */
  onChange(listener: BindingListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  of(account: BareJid): readonly Binding[] {
    return [...(this.#byAccount.get(account)?.values() ?? [])]
  }

  *all(): Generator<Binding> {
    for (const bindings of this.#byAccount.values()) yield* bindings.values()
  }

  /** The one that requests from there come from. */
  at(account: BareJid, source: Peer): Binding | undefined {
    return this.of(account).find(({ state: { peer } }) =>
      source.transport === 'udp'
        ? peer?.transport === 'udp' && peer.host === source.host && peer.port === source.port
        : source.flow !== undefined && peer?.flow === source.flow,
    )
  }

  /** All of it, once it is committed (RFC 3261 §10.3: all or nothing). */
  async apply(account: BareJid, { put, remove }: BindingChanges): Promise<void> {
    const { store } = this.#deps
    const known = this.#byAccount.get(account)
    const records = [...put]
      .filter(([, state]) => isDurable(state))
      .map(([id, state]) =>
        this.#create({ account, id, since: known?.get(id)?.since }, state).toRecord(),
      )
    const gone = [...remove, ...[...put].flatMap(([id, state]) => (isDurable(state) ? [] : [id]))]
    const wasStored = gone.filter((id) => {
      const binding = known?.get(id)
      return binding !== undefined && isDurable(binding.state)
    })
    if (records.length > 0 || wasStored.length > 0) await store.replace(records, wasStored)
    for (const id of remove) this.#drop(this.#byAccount.get(account)?.get(id), 'unregistered')
    for (const [id, state] of put) this.#put({ account, id }, state)
  }

  /** Takes up what was registered before a restart. */
  async restore(): Promise<void> {
    for (const record of await this.#deps.store.load(this.#deps.clock.now())) {
      const account = parseJid(record.account)?.bare
      const { id, since } = record
      if (account) this.#put({ account, id, since: since || undefined }, stateOf(record))
    }
  }

  /** All of an account's: `rejected` where registering again does not help, `deactivated` where it does. */
  forget(account: BareJid, event: 'rejected' | 'deactivated'): void {
    for (const binding of this.of(account)) this.#end(binding, event)
  }

  /** What was registered over a connection that has closed cannot be reached any more (RFC 5626 §4.2). */
  flowClosed(flow: Flow): void {
    for (const binding of [...(this.#byFlow.get(flow) ?? [])]) {
      this.#drop(binding, 'deactivated')
    }
  }

  /** Unbinds every session; what is stored stays stored. */
  stop(): void {
    for (const timer of this.#expiries.values()) timer.cancel()
    for (const bindings of this.#byAccount.values()) {
      for (const binding of bindings.values()) this.#deps.sessions.unbind(binding)
    }
  }

  #create({ account, id, since = this.#deps.clock.now() }: Named, state: BindingState): Binding {
    const flows = () => this.of(account)
    return new Binding({ sender: this.#deps.sender, flows }, { account, id, since }, state)
  }

  #put(named: Named, state: BindingState): void {
    const { account, id } = named
    let bindings = this.#byAccount.get(account)
    if (!bindings) {
      bindings = new Map()
      this.#byAccount.set(account, bindings)
    }
    let binding = bindings.get(id)
    if (binding) {
      this.#detach(binding)
      binding.renew(state)
      binding.event = 'refreshed'
    } else {
      binding = this.#create(named, state)
      bindings.set(id, binding)
      this.#bindSession(binding)
      bindingsGauge.inc()
    }
    this.#attach(binding)
    this.#armExpiry(binding)
    this.#tell(binding)
  }

  /** Several flows of one device are one session: what it gets, it gets once (RFC 5626 §7). */
  #bindSession(binding: Binding): void {
    const { sessions } = this.#deps
    const isThere = this.of(binding.account).some(
      (other) =>
        other.device === binding.device && sessions.get(other.account, other.resource) === other,
    )
    if (!isThere) sessions.bind(binding)
  }

  #attach(binding: Binding): void {
    const flow = connectionOf(binding)
    if (!flow) return
    const others = this.#byFlow.get(flow)
    if (others) others.add(binding)
    else this.#byFlow.set(flow, new Set([binding]))
  }

  #detach(binding: Binding): void {
    const flow = connectionOf(binding)
    const others = flow && this.#byFlow.get(flow)
    others?.delete(binding)
    if (flow && others?.size === 0) this.#byFlow.delete(flow)
  }

  #armExpiry(binding: Binding): void {
    this.#expiries.get(binding)?.cancel()
    const wait = binding.state.expiresAt - this.#deps.clock.now()
    this.#expiries.set(
      binding,
      this.#deps.clock.after(wait, () => this.#end(binding, 'expired')),
    )
  }

  #end(binding: Binding, event: ContactEvent): void {
    this.#drop(binding, event)
    if (!isDurable(binding.state)) return
    this.#deps.store.replace([], [binding.resource]).catch((err: unknown) => {
      // The next start deletes what has ended.
      this.#deps.log.warn({ what: 'sip_binding_not_removed', account: binding.account, err })
    })
  }

  #drop(binding: Binding | undefined, event: ContactEvent): void {
    if (!binding) return
    const bindings = this.#byAccount.get(binding.account)
    if (bindings?.get(binding.resource) !== binding) return
    bindings.delete(binding.resource)
    if (bindings.size === 0) this.#byAccount.delete(binding.account)
    this.#detach(binding)
    this.#expiries.get(binding)?.cancel()
    this.#expiries.delete(binding)
    this.#deps.sessions.unbind(binding)
    const spare = this.of(binding.account).find(({ device }) => device === binding.device)
    if (spare) this.#bindSession(spare)
    bindingsGauge.dec()
    binding.event = event
    this.#tell(binding)
  }

  #tell(binding: Binding): void {
    for (const listener of this.#listeners) listener(binding)
  }
}

function connectionOf({ state: { peer } }: Binding): Flow | undefined {
  return peer && peer.transport !== 'udp' ? peer.flow : undefined
}
