/**
 * The Hashed Token mechanisms (draft-schmaus-kitten-sasl-ht-09) with SHA-256: one message each way, bound to the
 * channel or not, for tokens that the server made (XEP-0484).
 */
import type { ChannelBindingType } from '../../../net/link.ts'
import { SaslError } from '../../errors.ts'
import { accountOf } from '../account.ts'
import type { SaslContext, SaslMechanism, SaslStep } from '../mechanism.ts'

/** What all of them are called together. */
export const HASHED_TOKENS = 'HT-SHA-256'

const SUFFIXES: readonly (readonly [string, ChannelBindingType | undefined])[] = [
  ['EXPR', 'tls-exporter'],
  ['UNIQ', 'tls-unique'],
  ['ENDP', 'tls-server-end-point'],
  ['NONE', undefined],
]

interface HashedToken extends SaslMechanism {
  readonly binding: ChannelBindingType | undefined
}

const mechanisms: readonly HashedToken[] = SUFFIXES.map(([suffix, binding]) => {
  const name = `${HASHED_TOKENS}-${suffix}`
  return {
    name,
    binding,
    serverFirst: false,
    proves: 'token',
    start: (context) => ({ step: (response) => verify(context, { name, binding }, response) }),
  }
})

const SHA256_BYTES = 32
/** §3.1: 255 octets at least. */
const MAX_NAME_BYTES = 1023

/**
 * Those that a stream with these types of channel binding can offer, strongest first. A session that was resumed in
 * TLS 1.2 may be an attacker's (§6): it has no name of its own, and offers none.
 */
export function hashedTokens(types: readonly ChannelBindingType[]): readonly SaslMechanism[] {
  const isUnnamed =
    types.length > 0 && !types.includes('tls-exporter') && !types.includes('tls-unique')
  if (isUnnamed) return []
  return mechanisms.filter(({ binding }) => binding === undefined || types.includes(binding))
}

/** §3.1: `authcid NUL initiator-hashed-token`. */
async function verify(
  context: SaslContext,
  { name, binding }: Pick<HashedToken, 'name' | 'binding'>,
  message: Buffer,
): Promise<SaslStep> {
  const end = message.indexOf(0)
  const initiator = message.subarray(end + 1)
  if (end < 1 || end > MAX_NAME_BYTES || initiator.length !== SHA256_BYTES) {
    throw new SaslError('malformed-request')
  }
  const { token } = context
  if (!token)
    throw new SaslError('malformed-request', 'a token comes with <fast/>, from a client with an id')
  const account = accountOf(message.toString('utf8', 0, end), context.domain)
  const bytes = binding === undefined ? Buffer.alloc(0) : context.channelBinding(binding)
  if (!account || !bytes) throw new SaslError('not-authorized')
  const responder = await token.prove({ account, mechanism: name, binding: bytes, initiator })
  return { kind: 'success', account, data: responder }
}
