/** How a BOSH session ends, for the client (XEP-0124 §13, §17.2). */
import type { StreamError } from '../../errors.ts'
import { renderBody } from './body.ts'
import type { BindingCondition } from './request.ts'

export interface Farewell {
  readonly condition?: BindingCondition | undefined
  readonly error?: StreamError | undefined
  /** By what the client did against the rules, or did not do. */
  readonly isBroken?: boolean
}

/** XEP-0206 §6: errors of streams have one name here, but for those that begin none and for the end of all. */
export function farewellFor(error: StreamError | undefined, hasBegun: boolean): Farewell {
  if (!error) return {}
  const { condition } = error
  if (condition === 'system-shutdown') return { condition }
  if (!hasBegun && (condition === 'host-unknown' || condition === 'improper-addressing')) {
    return { condition }
  }
  return { condition: 'remote-stream-error', error }
}

export function terminal({ condition, error }: Farewell, payloads: readonly string[] = []): string {
  const all = error ? [...payloads, String(error)] : payloads
  return renderBody({ type: 'terminate', condition }, all)
}

const HTTP_STATUS: Readonly<Partial<Record<BindingCondition, number>>> = {
  'bad-request': 400,
  'policy-violation': 403,
  'item-not-found': 404,
}

/** §17.1: what clients of old hear. */
export function legacyStatus(condition: BindingCondition): number | undefined {
  return HTTP_STATUS[condition]
}
