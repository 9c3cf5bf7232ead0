/** Whether the condition of a rule is met by what would become of a message (XEP-0079 §3.3). */
import type { Jid } from '../../../core/address.ts'
import type { Prospect } from '../../../core/messaging/messaging.ts'
import { instantOf, type Rule } from './rules.ts'

export interface Circumstances {
  readonly prospect: Prospect
  readonly to: Jid
  readonly now: number
}

export function isMet({ condition, value }: Rule, { prospect, to, now }: Circumstances): boolean {
  switch (condition) {
    case 'deliver':
      return value === delivery(prospect)
    case 'expire-at':
      return (instantOf(value) ?? Number.POSITIVE_INFINITY) <= now
    case 'match-resource':
      return matchesResource(value, prospect, to.resource)
  }
}

/** §3.3.1. SIP is a gateway to those who have nothing else: it takes the text and nothing more. */
function delivery({ kind, sessions }: Prospect): string {
  if (kind !== 'delivered') return kind
  return sessions.some(({ protocol }) => protocol === 'xmpp') ? 'direct' : 'gateway'
}

/** §3.3.3. What is stored is for the person, whom no resource names. */
function matchesResource(value: string, { kind, sessions }: Prospect, intended: string): boolean {
  const delivered = kind === 'delivered'
  switch (value) {
    case 'any':
      return delivered
    case 'exact':
      if (intended === '') return kind === 'stored'
      return delivered && sessions.every(({ resource }) => resource === intended)
    default:
      if (intended === '') return delivered
      return kind === 'stored' || sessions.some(({ resource }) => resource !== intended)
  }
}
