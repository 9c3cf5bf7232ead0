/**
 * PUBLISH (RFC 3903 §6).
 *
 * | operation | body | SIP-If-Match | Expires |
 * |-----------|------|--------------|---------|
 * | initial   | yes  | no           | > 0     |
 * | refresh   | no   | yes          | > 0     |
 * | modify    | yes  | yes          | > 0     |
 * | remove    | no   | yes          | 0       |
 *
 * Of a command nothing is kept: a body is done, and whatever entity-tag comes without one confirms nothing.
 */

import type { BareJid } from '../../core/address.ts'
import type { Clock } from '../../util/clock.ts'
import { KeyedQueue } from '../../util/keyed-queue.ts'
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { createResponse } from '../message/respond.ts'
import { parseEvent } from '../message/values.ts'
import type { Flow, ServerTransaction } from '../user-agent.ts'
import { ANY_ENTITY, singleTag } from './entity-tag.ts'
import type { CommandPackage, EventDeps, ExpiresBounds, NewState } from './event-package.ts'
import { allowEvents, grantExpires, mediaTypeOf } from './headers.ts'
import {
  newEtag,
  type Publication,
  type Publications,
  type PublishablePackage,
} from './publications.ts'
import type { Identify, ResolveResource } from './resources.ts'

export interface PublishDeps {
  readonly clock: Clock
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly packages: readonly (PublishablePackage | CommandPackage)[]
  readonly events: EventDeps
  readonly publications: Publications
  readonly expires: ExpiresBounds
  readonly maxBodyBytes: number
}

/** PUBLISHes of one presentity that may wait for each other. */
const MAX_WAITING = 50

interface Operation<P = PublishablePackage | CommandPackage> {
  readonly package: P
  readonly flow: Flow | undefined
  readonly presentity: BareJid
  readonly etag: string | undefined
  readonly request: SipRequest
}

export class PublishHandler {
  readonly #deps: PublishDeps
  /** Two PUBLISHes within milliseconds must not see each other half done. */
  readonly #queue = new KeyedQueue<BareJid>(MAX_WAITING)

  constructor(deps: PublishDeps) {
    this.#deps = deps
  }

  async handle(tx: ServerTransaction): Promise<void> {
    const { request } = tx
    const identity = await this.#deps.identify(tx)
    const presentity = await this.#deps.resolve(request.uri) // §6 step 1: 404
    if (!identity.trusted && identity.address !== presentity) throw new SipError(403)
    const pkg = this.#package(request)
    const operation: Operation = {
      package: pkg,
      presentity,
      etag: ifMatch(request),
      request,
      flow: flowOf(tx),
    }
    // A peer that is trusted to say who somebody is does not decide for him.
    if (isCommand(pkg) && identity.address !== presentity) throw new SipError(403)
    if (this.#queue.isFull(presentity)) throw new SipError(503, undefined, [['Retry-After', '5']])
    const headers = await this.#queue.run(presentity, () => this.#perform(operation))
    tx.respond(createResponse(request, 200, undefined, headers))
  }

  /** §6 step 2. */
  #package(request: SipRequest): PublishablePackage | CommandPackage {
    const event = parseEvent(request.headers.get('Event') ?? '')?.package
    const found = this.#deps.packages.find((candidate) => candidate.event === event)
    if (!found) throw new SipError(489, undefined, allowEvents(this.#deps.packages))
    return found
  }

  /** §6 steps 3 to 6; answers the headers of the 200. */
  #perform({ package: pkg, ...operation }: Operation): Promise<[string, string][]> {
    return isCommand(pkg)
      ? this.#obey({ package: pkg, ...operation })
      : this.#publish({ package: pkg, ...operation })
  }

  async #obey(operation: Operation<CommandPackage>): Promise<[string, string][]> {
    const { package: pkg, presentity, etag, request } = operation
    const seconds = grantExpires(request, this.#deps.expires)
    const state = this.#state(pkg.contentTypes, request)
    if (etag === undefined) requireState(state)
    else if (state && seconds === 0) throw new SipError(400, 'Removal With Body')
    if (state) await pkg.perform(this.#deps.events, { presentity, ...state })
    return answer(newEtag(), seconds)
  }

  async #publish(operation: Operation<PublishablePackage>): Promise<[string, string][]> {
    const { package: pkg, presentity, etag, request, flow } = operation
    const { publications, clock } = this.#deps
    const existing = etag === undefined ? undefined : publications.find(presentity, pkg.event, etag)
    if (etag !== undefined && !existing) throw new SipError(412)

    const seconds = grantExpires(request, this.#deps.expires)
    const state = this.#state(pkg.publication.contentTypes, request)
    if (seconds === 0) return this.#remove(existing, state)

    const lease = { expiresAt: clock.now() + seconds * 1000, flow }
    const published = existing
      ? await publications.update(existing, state, lease)
      : await publications.create(pkg, presentity, requireState(state), lease)
    return answer(published.etag, seconds)
  }

  async #remove(
    existing: Publication | undefined,
    state: NewState | undefined,
  ): Promise<[string, string][]> {
    if (existing && state) throw new SipError(400, 'Removal With Body')
    if (existing) return answer(await this.#deps.publications.remove(existing), 0)
    // An initial publication that ends at once leaves nothing to keep.
    requireState(state)
    return answer(newEtag(), 0)
  }

  /** §6 step 5. */
  #state(contentTypes: readonly string[], { headers, body }: SipRequest): NewState | undefined {
    if (body.length === 0) return undefined
    if (body.length > this.#deps.maxBodyBytes) throw new SipError(413)
    const contentType = mediaTypeOf(headers.get('Content-Type'))
    if (contentType === undefined || !contentTypes.includes(contentType)) {
      throw new SipError(415, undefined, [['Accept', contentTypes.join(', ')]])
    }
    return { contentType, body }
  }
}

/** The connection of a publisher who spoke to us directly; that of a proxy says nothing about him. */
function flowOf({ request, source }: ServerTransaction): Flow | undefined {
  const direct = request.headers.getAll('Via').length === 1 && source.transport !== 'udp'
  return direct ? source.flow : undefined
}

function isCommand(pkg: PublishablePackage | CommandPackage): pkg is CommandPackage {
  return 'perform' in pkg
}

/** §6 step 3: one entity-tag, a token; there is no `*` (§8.1). */
function ifMatch({ headers }: SipRequest): string | undefined {
  const etag = singleTag(headers, 'SIP-If-Match')
  if (etag === ANY_ENTITY) throw new SipError(400, 'Bad SIP-If-Match')
  return etag
}

function requireState(state: NewState | undefined): NewState {
  if (!state) throw new SipError(400, 'Publication Without Body')
  return state
}

function answer(etag: string, seconds: number): [string, string][] {
  return [
    ['SIP-ETag', etag],
    ['Expires', String(seconds)],
  ]
}
