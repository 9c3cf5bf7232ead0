/** Passwords and tokens of the API, for XCAP. */
import { ApiError } from '../admin/api-error.ts'
import type { SignIn } from '../admin/sign-in.ts'
import type { CheckAuthorization } from '../xcap/authentication.ts'
import { XcapRefusal } from '../xcap/xcap-refusal.ts'

export function checkAuthorization(signIn: Pick<SignIn, 'authenticate'>): CheckAuthorization {
  return async (authorization, address) => {
    try {
      const principal = await signIn.authenticate(authorization, address)
      if (principal.role === 'user') return { role: 'user', account: principal.account }
      return { role: 'administrator', name: principal.name }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const seconds = error.retryAfterSeconds
      throw new XcapRefusal(
        error.statusCode,
        error.message,
        seconds === undefined ? {} : { 'retry-after': String(seconds) },
      )
    }
  }
}
