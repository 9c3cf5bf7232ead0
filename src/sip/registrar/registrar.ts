/** REGISTER (RFC 3261 §10.3), with what of RFC 5626 and RFC 3327 a registrar behind no proxy of its own needs. */
import type { BareJid } from '../../core/address.ts'
import type { Clock } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import { SipError } from '../errors.ts'
import type { ExpiresBounds } from '../events/event-package.ts'
import { nextHop } from '../events/next-hop.ts'
import type { Identify, ResolveResource } from '../events/resources.ts'
import type { SipRequest } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { parseSipUri, urisEqual } from '../message/uri.ts'
import { parseNameAddr } from '../message/values.ts'
import { isNumericHost } from '../transport/addresses.ts'
import type { ServerTransaction } from '../user-agent.ts'
import type { Binding, BindingState } from './binding.ts'
import type { BindingChanges, Bindings } from './bindings.ts'
import { listing } from './contact-listing.ts'
import { type Gruus, newSeries } from './gruu.ts'
import { type OutboundUse, outboundFields, outboundUse } from './outbound.ts'
import {
  bindingId,
  parseRegister,
  type RegisterDemand,
  type RegisterOrder,
  registerOrder,
  type WantedBinding,
} from './register-request.ts'

export interface RegistrarDeps {
  readonly clock: Clock
  readonly log: Log
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly bindings: Bindings
  readonly gruus: Gruus
  readonly expires: ExpiresBounds
  readonly maxPerUser: number
}

/** REGISTERs of one account that may wait for each other. */
const MAX_WAITING = 20

const registrations = counter({
  name: 'heliograph_sip_registrations_total',
  help: 'REGISTER requests that were granted, by what they asked for.',
  labels: ['kind'],
})

export class Registrar {
  readonly #deps: RegistrarDeps
  readonly #queue = new KeyedQueue<BareJid>(MAX_WAITING)

  constructor(deps: RegistrarDeps) {
    this.#deps = deps
  }

  /** Throws `SipError`. The order of the checks is that of §10.3. */
  async handle(tx: ServerTransaction): Promise<void> {
    const { request } = tx
    const identity = await this.#deps.identify(tx)
    const account = await this.#deps.resolve(requireDomain(request, aorOf(request))) // step 5: 404
    if (!identity.trusted && identity.address !== account) throw new SipError(403) // step 4
    const demand = parseRegister(request, this.#deps.expires)
    const order = registerOrder(request)
    const outbound = outboundUse(request, demand.kind === 'update' ? demand.contacts : [])
    if (this.#queue.isFull(account)) throw new SipError(503, undefined, [['Retry-After', '5']])
    await this.#queue.run(account, () => this.#perform({ tx, account, order, outbound }, demand))
    registrations.inc({ kind: demand.kind })
    const { bindings, gruus, clock } = this.#deps
    const fields = listing(request, bindings.of(account), { gruus, now: clock.now() })
    tx.respond(createResponse(request, 200, undefined, [...fields, ...outboundFields(outbound)]))
  }

  async #perform(registration: Registration, demand: RegisterDemand): Promise<void> {
    const { account, order } = registration
    const known = this.#deps.bindings.of(account)
    if (demand.kind === 'fetch') return
    const changes =
      demand.kind === 'remove-all'
        ? { put: new Map(), remove: removeAll(known, order) }
        : this.#update(registration, known, demand.contacts)
    this.#requireRoom(known, changes)
    await this.#deps.bindings.apply(account, changes)
  }

  /** Step 7. */
  #update(
    registration: Registration,
    known: readonly Binding[],
    contacts: readonly WantedBinding[],
  ): BindingChanges {
    const { tx, account, order, outbound } = registration
    const put = new Map<string, BindingState>()
    const remove = new Set<string>()
    for (const asked of contacts) {
      const wanted = outbound.applies ? asked : { ...asked, regId: undefined }
      const id = bindingId(account, wanted)
      const same = known.filter((one) => one.resource === id || isSameContact(one, wanted))
      for (const binding of same) {
        requireNewer(binding, order)
        if (wanted.seconds === 0 || binding.resource !== id) remove.add(binding.resource)
      }
      if (wanted.seconds === 0) continue
      requireRoutable(tx.request, wanted)
      const series = renewSeries(known, { wanted, id, order }, put)
      put.set(id, this.#stateOf(registration, wanted, series))
    }
    return { put, remove }
  }

  #stateOf(
    { tx: { request, source }, order: { callId, cseq }, outbound }: Registration,
    { uri, contact, instance, regId, q, seconds }: WantedBinding,
    series: string | undefined,
  ): BindingState {
    const now = this.#deps.clock.now()
    const isFlow = regId !== undefined && outbound.isDirect
    return {
      ...{ contact, instance, regId, callId, cseq, q, series },
      registeredAt: now,
      expiresAt: now + seconds * 1000,
      path: request.headers.getAll('Path'),
      // RFC 5626 §6: the flow itself, whatever the Contact says.
      peer: isFlow ? source : nextHop(request, source, uri),
      userAgent: request.headers.get('User-Agent')?.slice(0, 200),
      takesMessages: allows(request, 'MESSAGE'),
    }
  }

  #requireRoom(known: readonly Binding[], { put, remove }: BindingChanges): void {
    const kept = known.filter(({ resource }) => !remove.has(resource) && !put.has(resource))
    if (put.size > 0 && kept.length + put.size > this.#deps.maxPerUser) {
      throw new SipError(403, 'Too Many Bindings')
    }
  }
}

interface Registration {
  readonly tx: ServerTransaction
  readonly account: BareJid
  readonly order: RegisterOrder
  readonly outbound: OutboundUse
}

/** RFC 5627 §5.1: a contact that leads back here would turn in a circle. */
function requireRoutable(request: SipRequest, { uri }: WantedBinding): void {
  const aor = parseSipUri(aorOf(request))
  if (!aor) return
  const isTemporary = uri.params.get('gr') === '' && uri.host === aor.host
  if (isTemporary || urisEqual(uri, aor)) throw new SipError(403, 'Contact Leads Back Here')
}

/**
 * RFC 5627 §5.1: the device's temporary GRUUs stay good while it registers the same flow under the same Call-ID; a
 * new series is that of its other flows, too.
 */
function renewSeries(
  known: readonly Binding[],
  { wanted, id, order }: { wanted: WantedBinding; id: string; order: RegisterOrder },
  put: Map<string, BindingState>,
): string | undefined {
  if (wanted.instance === undefined) return undefined
  const device = wanted.instance.toLowerCase()
  const flows = known.filter((one) => one.device === device)
  const same = flows.find(({ resource }) => resource === id)
  const kept = flows.find(({ state }) => state.series !== undefined)?.state.series
  if (kept !== undefined && (!same || same.state.callId === order.callId)) return kept
  const series = newSeries(order.cseq)
  for (const { resource, state } of flows) put.set(resource, { ...state, series })
  return series
}

/** §10.3 step 6. */
function removeAll(known: readonly Binding[], order: RegisterOrder): Set<string> {
  for (const binding of known) requireNewer(binding, order)
  return new Set(known.map(({ resource }) => resource))
}

/** An old request that got late here must not undo a newer one. */
function requireNewer({ state }: Binding, { callId, cseq }: RegisterOrder): void {
  if (state.callId === callId && cseq <= state.cseq) throw new SipError(500, 'Out of Order')
}

function isSameContact({ state }: Binding, { uri, instance }: WantedBinding): boolean {
  if (state.instance !== undefined && instance !== undefined) return false
  const known = parseSipUri(state.contact)
  return known !== undefined && urisEqual(known, uri)
}

/** A client that says nothing may well take it. */
function allows({ headers }: SipRequest, method: string): boolean {
  const allowed = headers.getAll('Allow')
  return allowed.length === 0 || allowed.some((one) => one.trim().toUpperCase() === method)
}

/** Step 5: the domain of the AOR is the one that the request-URI names; an address names any of ours. */
function requireDomain({ uri }: SipRequest, aor: string): string {
  const [domain = '', host = ''] = [parseSipUri(uri)?.host, parseSipUri(aor)?.host]
  if (domain === host || isNumericHost(domain) || host === '') return aor
  throw new SipError(404)
}

/** §10.2: the AOR is in To; the request-URI names the registrar's domain only. */
function aorOf(request: SipRequest): string {
  const to = parseNameAddr(request.headers.get('To') ?? '')?.uri
  if (to === undefined) throw new SipError(400, 'Bad To')
  return to
}
