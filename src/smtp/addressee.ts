/** Where a user gets his e-mail. */
import type { User } from '../directory/user.ts'
import type { MailRoute } from './route.ts'

/** RFC 5321 §4.1.2, without quoted local parts; what stands between angle brackets of a command. */
const MAILBOX = /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/u
const MAX_CHARS = 254

/**
 * His Exchange address, or that of Lotus Notes where it is one of e-mail; his account, where accounts are e-mail
 * addresses. `undefined` for none.
 */
export function addressOf(
  { account, addresses }: User,
  { accountIsAddress }: Pick<MailRoute, 'accountIsAddress'>,
): string | undefined {
  for (const wanted of ['exchange', 'notes']) {
    for (const { type, value } of addresses) {
      const address = type === wanted ? mailboxIn(value) : undefined
      if (address !== undefined) return address
    }
  }
  return accountIsAddress ? mailboxIn(account) : undefined
}

function mailboxIn(text: string): string | undefined {
  const address =
    text
      .trim()
      .replace(/^mailto:/i, '')
      .split(/[?#]/, 1)[0] ?? ''
  const decoded = decode(address)
  return MAILBOX.test(decoded) && decoded.length <= MAX_CHARS ? decoded : undefined
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
