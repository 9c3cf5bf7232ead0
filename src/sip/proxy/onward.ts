/** The copy of a request that goes on (RFC 3261 §16.6), but for the Via. */
import { SipError } from '../errors.ts'
import type { SipRequest } from '../message/message.ts'
import { parseAuthParams, parseMaxForwards } from '../message/values.ts'
import { towardsNextHop } from './route-processing.ts'

export interface OnwardParts {
  readonly uri: string
  readonly routes: readonly string[]
  /** Ours, the one nearest to the next hop first. */
  readonly recordRoutes: readonly string[]
  /** RFC 3327 §5.1; of a REGISTER. */
  readonly path: string | undefined
  /** Whose Proxy-Authorization was for us (§22.3). */
  readonly isRealm: (realm: string) => boolean
}

const DEFAULT_HOPS = 70
/** RFC 5393 §5.3.3: what is missing is this, and no more than this goes on. */
const MAX_BREADTH = 60

/** Throws `SipError` 483 (§16.3 step 3). */
export function onward(request: SipRequest, parts: OnwardParts): SipRequest {
  const copy = request.clone()
  const { headers } = copy
  const { uri, routes } = towardsNextHop(parts.uri, parts.routes)
  copy.uri = uri
  headers.set('Max-Forwards', String(hopsLeft(request)))
  headers.set('Route', ...routes)
  for (const own of [...parts.recordRoutes].reverse()) headers.prepend('Record-Route', own)
  if (parts.path !== undefined) headers.prepend('Path', parts.path)
  headers.set('Max-Breadth', breadth(request))
  dropCredentials(copy, parts.isRealm)
  return copy
}

function hopsLeft({ headers }: SipRequest): number {
  const hops = headers.get('Max-Forwards')
  if (hops === undefined) return DEFAULT_HOPS
  const left = parseMaxForwards(hops) ?? DEFAULT_HOPS
  if (left === 0) throw new SipError(483)
  return left - 1
}

function breadth({ headers }: SipRequest): string {
  const said = headers.get('Max-Breadth') ?? ''
  const isWithin = /^\d{1,2}$/.test(said) && Number(said) >= 1 && Number(said) <= MAX_BREADTH
  return isWithin ? said : String(MAX_BREADTH)
}

/** §22.3: they have done what they were for, and the next one need not see them. */
function dropCredentials({ headers }: SipRequest, isRealm: (realm: string) => boolean): void {
  const all = headers.getRaw('Proxy-Authorization')
  const others = all.filter((one) => {
    const realm = parseAuthParams(one)?.params.get('realm')
    return realm === undefined || !isRealm(realm.toLowerCase())
  })
  if (others.length < all.length) headers.set('Proxy-Authorization', ...others)
}
