/** EXTERNAL (RFC 4422 appendix A): the client is whom its certificate names (XEP-0178 §2). */
import { parseJid } from '../../core/address.ts'
import { SaslError } from '../errors.ts'
import type { SaslContext, SaslMechanism, SaslStep } from './mechanism.ts'

export const external: SaslMechanism = {
  name: 'EXTERNAL',
  serverFirst: false,
  proves: 'certificate',
  start: (context) => ({ step: (response) => verify(context, response.toString('utf8')) }),
}

/** XEP-0178 §2 step 11; the stream stays open for the client to sign in by other means (RFC 6120 §6.4.5). */
async function verify(context: SaslContext, authzid: string): Promise<SaslStep> {
  const { certificate } = context
  if (!certificate || certificate.problem !== undefined) throw new SaslError('not-authorized')
  const known = []
  for (const account of certificate.accounts) {
    if ((await context.standing(account)) !== 'unknown') known.push(account)
  }
  const [first] = known
  if (!first) throw new SaslError('not-authorized', 'the certificate names no account')
  // Of several the client says which (step 11b); of one it may (step 11a).
  const wanted = authzid === '' && known.length === 1 ? first : parseJid(authzid)?.full
  const account = known.find((one) => one === wanted)
  if (!account) throw new SaslError('invalid-authzid')
  return { kind: 'success', account, data: undefined }
}
