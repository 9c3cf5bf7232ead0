/** PLAIN (RFC 4616): the password itself, which only TLS may carry. */
import { SaslError } from '../errors.ts'
import { accountOf, checkAuthzid } from './account.ts'
import type { SaslContext, SaslMechanism, SaslStep } from './mechanism.ts'

const MAX_PART = 1024

export const plain: SaslMechanism = {
  name: 'PLAIN',
  serverFirst: false,
  proves: 'password',
  start: (context) => ({ step: (response) => verify(context, response) }),
}

/** §2: `[authzid] NUL authcid NUL passwd`. */
async function verify(context: SaslContext, response: Buffer): Promise<SaslStep> {
  const parts = response.toString('utf8').split('\0')
  const [authzid = '', user = '', password = ''] = parts
  if (parts.length !== 3 || user === '' || password === '') throw new SaslError('malformed-request')
  if (parts.some((part) => part.length > MAX_PART)) throw new SaslError('malformed-request')
  const account = accountOf(user, context.domain)
  if (!account) throw new SaslError('not-authorized')
  context.claimed(account)
  if (!(await context.credentials.verifyPassword(account, password))) {
    throw new SaslError('not-authorized')
  }
  checkAuthzid(authzid, account)
  return { kind: 'success', account, data: undefined }
}
