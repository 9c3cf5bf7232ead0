/** Makes the copy of a request that goes on, and writes it (RFC 3261 §16.6, stateless §16.11). */

import type { SipRequest } from '../message/message.ts'
import { serialize } from '../message/serializer.ts'
import { parseSipUri } from '../message/uri.ts'
import { tokensOf } from '../message/values.ts'
import { viaOf } from '../transaction/client-transaction.ts'
import { assertIdentity } from './asserted-identity.ts'
import type { FlowTokens } from './flow-tokens.ts'
import { branchIn, formsDialog, type Journey, targetOf } from './journey.ts'
import { onward } from './onward.ts'
import type { Permission } from './permission.ts'
import { callerFlow } from './plan.ts'
import { pathUri, recordRoutes, sideOf } from './record-routes.ts'

export interface ForwarderDeps {
  readonly tokens: FlowTokens
  readonly permission: Permission
  /** Where neither side needs it and no rule says otherwise. */
  readonly recordRoute: boolean
  isLocal(domain: string): boolean
}

export class Forwarder {
  readonly #deps: ForwarderDeps

  constructor(deps: ForwarderDeps) {
    this.#deps = deps
  }

  /** Throws `SipError` 483. */
  prepare(request: SipRequest, journey: Journey): SipRequest {
    const { uri, routes } = targetOf(journey)
    const copy = onward(request, {
      uri,
      routes,
      recordRoutes: formsDialog(request) ? this.#recordRoutes(request, journey) : [],
      path: request.method === 'REGISTER' ? this.#path(request, journey) : undefined,
      isRealm: (realm) => this.#deps.isLocal(realm),
    })
    const { sender, way } = journey
    assertIdentity(copy.headers, {
      isVouched: sender.isTrusted,
      proven: sender.uri,
      staysInside: this.#deps.permission.trusts(way.peer),
    })
    return copy
  }

  /** `failed` is called where the bytes could not be written. */
  write(request: SipRequest, journey: Journey, failed: () => void): void {
    const { peer, flow } = journey.way
    const via = `${viaOf(flow, peer)};branch=${branchIn(journey)};rport`
    flow.write(serialize(this.prepare(request, journey), via), peer, failed)
  }

  #recordRoutes(request: SipRequest, journey: Journey): readonly string[] {
    const { source, way, recordRoute } = journey
    const flows = { caller: callerFlow(request, source), callee: targetOf(journey).flow }
    const isNeeded = flows.caller !== undefined || flows.callee !== undefined
    const wished =
      recordRoute === 'default' ? this.#deps.recordRoute || isNeeded : recordRoute === 'on'
    if (!wished || !source.flow) return []
    return recordRoutes(this.#deps.tokens.forDialog(request, flows), {
      from: sideOf(source.flow, source),
      to: sideOf(way.flow, way.peer),
      isSecure: parseSipUri(targetOf(journey).uri)?.scheme === 'sips',
    })
  }

  /** RFC 5626 §5.1: of a client that speaks to us directly, and knows what a Path is. */
  #path(request: SipRequest, { source, way }: Journey): string | undefined {
    const isFirstHop = request.headers.getAll('Via').length === 1
    const supported = tokensOf(request.headers, 'Supported')
    if (!isFirstHop || !(supported.includes('path') || supported.includes('outbound')))
      return undefined
    return pathUri(this.#deps.tokens.forRegistration(source), sideOf(way.flow, way.peer))
  }
}
