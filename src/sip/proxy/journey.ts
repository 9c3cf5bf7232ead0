/** One request on its way through us: what its copies, its ACK, its CANCEL and its responses have to know. */
import { counter } from '../../util/metrics.ts'
import type { SipRequest } from '../message/message.ts'
import { toOf } from '../message/values.ts'
import { methodLabel } from '../transaction/methods.ts'
import type { ResponseRoute } from '../transport/response-route.ts'
import type { Peer } from '../transport/transport.ts'
import { branchOf } from './branches.ts'
import type { Way } from './dispatch.ts'
import type { Sender } from './permission.ts'
import type { Target } from './plan.ts'

export interface Journey {
  readonly proof: string
  readonly loop: string
  readonly source: Peer
  readonly back: ResponseRoute
  readonly sender: Sender
  readonly recordRoute: 'default' | 'on' | 'off'
  readonly targets: readonly Target[]
  /** Which of them. */
  attempt: number
  way: Way
  /** Transactions of ours see to copies and to the next target. */
  isStateful: boolean
  isCancelled: boolean
}

export function targetOf({ targets, attempt }: Journey): Target {
  const target = targets[attempt]
  if (!target) throw new RangeError('no such target')
  return target
}

export function branchIn({ proof, loop, attempt }: Journey): string {
  return branchOf(proof, loop, attempt)
}

const relayed = counter({
  name: 'heliograph_sip_relayed_requests_total',
  help: 'SIP requests for others, by method and what became of them: stateless, stateful, or the status that refused them.',
  labels: ['method', 'result'],
})

export function countRelayed({ method }: SipRequest, result: string | number): void {
  relayed.inc({ method: methodLabel(method), result })
}

const DIALOG_FORMING: ReadonlySet<string> = new Set(['INVITE', 'SUBSCRIBE', 'REFER'])

/** §16.6 step 4: only there does a Record-Route have an effect. */
export function formsDialog(request: SipRequest): boolean {
  return DIALOG_FORMING.has(request.method) && toOf(request)?.params.has('tag') !== true
}

/** A client's own connection has failed (RFC 5626 §5.3.1), or somebody else is not there (§16.9). */
export function unreachableStatus(journey: Journey): 430 | 503 {
  return targetOf(journey).flow ? 430 : 503
}
