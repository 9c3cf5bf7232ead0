/** What an overloaded server can refuse without a loss to what was begun. */
import type { SipRequest } from '../message/message.ts'
import { toTag } from './keys.ts'

/** The costly ones: NOTIFY, BYE, OPTIONS and the like end or only ask for something. */
const COSTLY: ReadonlySet<string> = new Set([
  'INVITE',
  'SUBSCRIBE',
  'PUBLISH',
  'REGISTER',
  'MESSAGE',
])

/** Outside a dialog: with a To tag (RFC 3261 §12.2) it refreshes or ends what is there. */
export function isNewWork(request: SipRequest): boolean {
  return COSTLY.has(request.method) && toTag(request) === undefined
}
