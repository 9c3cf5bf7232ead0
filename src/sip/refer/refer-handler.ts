/**
 * REFER (RFC 3515): a user has this server send a request in his place. It sends MESSAGEs to people of this
 * system, as it would if he had sent them himself, and nothing else to nobody else: everything else is declined.
 *
 * Order of the checks: who asks (401), a dialog of ours (RFC 7647 §4: 403), the request itself (400), whom it is
 * for (403), what it asks for (603).
 */
import type { SipIdentity } from '../auth/identity.ts'
import { dialogKeyOf } from '../dialog/dialog.ts'
import { SipError } from '../errors.ts'
import type { Notifier } from '../events/notifier.ts'
import { type Identify, type ResolveResource, watcherOf } from '../events/resources.ts'
import { SipRequest, type SipResponse } from '../message/message.ts'
import { reasonPhrase } from '../message/reason-phrases.ts'
import { createResponse, newCallId, newTag } from '../message/respond.ts'
import { parseSipUri, type SipUri, serializeUri } from '../message/uri.ts'
import { parseCSeq } from '../message/values.ts'
import type { RequestHandler, ServerTransaction } from '../user-agent.ts'
import { parseRefer, type ReferDemand } from './refer-request.ts'
import { eventsAt, type Refer, type Refers } from './refers.ts'

/** What can be asked for, by method: how a request is handled that this user has sent. */
export type Referable = ReadonlyMap<string, (identity: SipIdentity) => RequestHandler>

export interface ReferDeps {
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly isLocal: (domain: string) => boolean
  readonly refers: Refers
  readonly notifier: Pick<Notifier, 'begin'>
  readonly referable: Referable
  /** What went wrong in a handler is not the business of whoever asked. */
  readonly failed: (err: unknown) => void
}

/** RFC 3515 §2.4.4 lets whoever is asked choose. */
const IMPLICIT_SECONDS = 60

export class ReferHandler {
  readonly #deps: ReferDeps

  constructor(deps: ReferDeps) {
    this.#deps = deps
  }

  /** Throws `SipError`. */
  async handle(tx: ServerTransaction): Promise<void> {
    const identity = await this.#deps.identify(tx)
    const { address } = identity
    if (!address) throw new SipError(403, 'Not a User of This Server')
    if (dialogKeyOf(tx.request) !== undefined) throw new SipError(403, 'Not Within a Dialog')
    const demand = parseRefer(tx.request)
    await this.#requireOwn(tx.request, identity, demand)
    const handler = this.#deps.referable.get(demand.method)?.(identity)
    if (!handler) throw new SipError(603)
    const refer = this.#deps.refers.open(address)
    try {
      await this.#accept(tx, { refer, demand, identity })
    } catch (error) {
      this.#deps.refers.close(refer, { status: 603, reason: 'Decline' })
      throw error
    }
    const outcome = await this.#perform(tx, handler, requestFor(demand, identity))
    this.#deps.refers.close(refer, outcome)
  }

  /** Somebody asks his own server, at its domain or at his own address, in nobody else's name. */
  async #requireOwn(
    { uri }: SipRequest,
    { address }: SipIdentity,
    { referredBy }: ReferDemand,
  ): Promise<void> {
    const { resolve, isLocal } = this.#deps
    const target = parseSipUri(uri)
    const isDomain = target?.user === undefined && isLocal(target?.host ?? '')
    if (!isDomain && (await resolve(uri)) !== address) throw new SipError(403)
    // RFC 3892 §2.2: what is not signed is believed of whoever has proven who he is.
    if (referredBy !== undefined && (await resolve(referredBy)) !== address) {
      throw new SipError(403, 'Referred-By Is Not the Authenticated User')
    }
  }

  /** RFC 7647 §5: 200, never 202. */
  async #accept(
    tx: ServerTransaction,
    { refer, demand, identity }: { refer: Refer; demand: ReferDemand; identity: SipIdentity },
  ): Promise<void> {
    const { refers, notifier } = this.#deps
    const { request, contact } = tx
    const respond = (toTag: string, ...headers: [string, string][]) => {
      const fields: [string, string][] = [['Contact', `<${contact}>`], ...headers]
      tx.respond(createResponse(request, 200, undefined, { headers: fields, toTag }))
    }
    const entity = eventsAt(refer, contact)
    switch (demand.following) {
      case 'implicit': {
        const eventId = String(parseCSeq(request.headers.get('CSeq') ?? '')?.number ?? 0)
        const begun = { served: refers.serve(refer), entity, eventId, seconds: IMPLICIT_SECONDS }
        await notifier.begin(tx, watcherOf(identity), {
          ...begun,
          accept: (toTag) => respond(toTag),
        })
        return
      }
      case 'unwanted':
        respond(newTag(), ['Refer-Sub', 'false'])
        return
      case 'explicit':
        respond(newTag(), ['Refer-Events-At', `<${entity}>`])
        return
      case 'none':
        respond(newTag())
    }
  }

  async #perform(
    { source, contact }: ServerTransaction,
    handler: RequestHandler,
    request: SipRequest,
  ): Promise<{ status: number; reason: string }> {
    let answer: SipResponse | undefined
    const respond = (response: SipResponse) => {
      if (response.status >= 200) answer ??= response
    }
    try {
      await handler({ request, source, contact, trusted: false, respond })
    } catch (error) {
      if (!(error instanceof SipError)) this.#deps.failed(error)
      const { status, reason } = error instanceof SipError ? error : new SipError(500)
      return { status, reason: reason ?? reasonPhrase(status) }
    }
    const { status = 500 } = answer ?? {}
    return { status, reason: reasonPhrase(status) }
  }
}

/** RFC 3261 §19.1.5: of the header fields in the URI only those that say what is sent, none that say by whom. */
function requestFor({ target, method }: ReferDemand, { uri }: SipIdentity): SipRequest {
  const { scheme, user, host, port } = target
  const to = serializeUri({ scheme, user, host, port })
  const type = headerIn(target, 'content-type')
  return new SipRequest({
    method,
    uri: to,
    headers: [
      ['From', `<${uri}>;tag=${newTag()}`],
      ['To', `<${to}>`],
      ['Call-ID', newCallId()],
      ['CSeq', `1 ${method}`],
      ...(type === undefined ? [] : [['Content-Type', type] as const]),
    ],
    body: headerIn(target, 'body'),
  })
}

function headerIn({ headers }: SipUri, name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name)?.[1]
}
