/** Who is said to ask, as it leaves us (RFC 3325). */
import type { SipHeaders } from '../message/message.ts'
import { tokensOf } from '../message/values.ts'

export interface Assertion {
  /** It came from a peer whose word counts: what that says stays. */
  readonly isVouched: boolean
  /** The URI that we have proof of. */
  readonly proven: string | undefined
  /** Whether the next hop is one of them, too (§2.3). */
  readonly staysInside: boolean
}

/** §5: what others claim goes no further, what we know goes with it; not beyond the trusted network where it is to stay private (§7). */
export function assertIdentity(headers: SipHeaders, assertion: Assertion): void {
  const { isVouched, proven, staysInside } = assertion
  headers.remove('P-Preferred-Identity') // §9.2
  if (!isVouched) {
    headers.remove('P-Asserted-Identity')
    if (proven !== undefined) headers.append('P-Asserted-Identity', `<${proven}>`)
  }
  if (staysInside) return
  const wishes = tokensOf(headers, 'Privacy').flatMap((value) => value.split(/\s*;\s*/))
  if (wishes.includes('id')) headers.remove('P-Asserted-Identity')
}
