/** Which mechanisms a stream offers, best first. */
import type { ChannelBindingType } from '../../net/link.ts'
import { digestMd5 } from './digest-md5.ts'
import { external } from './external.ts'
import type { SaslMechanism, ScramMechanism } from './mechanism.ts'
import { plain } from './plain.ts'
import { scramMechanisms } from './scram.ts'

export interface MechanismChoice {
  readonly isEncrypted: boolean
  /** PLAIN needs TLS (RFC 6120 §13.8.1) unless the operator waived it. */
  readonly isTlsRequired: boolean
  readonly channelBindings: readonly ChannelBindingType[]
  readonly digestMd5: boolean
  /** The client has shown a certificate for an account of the domain. */
  readonly isCertified: boolean
  /** Those whose keys the account lacks that the client says is his. */
  readonly lacking: readonly ScramMechanism[]
  /** By name, where the listener does not take all. */
  readonly allowed: readonly string[] | undefined
}

export function mechanismsFor(choice: MechanismChoice): readonly SaslMechanism[] {
  const { isEncrypted, isTlsRequired, channelBindings, allowed } = choice
  const lacks = new Set<string>(choice.lacking)
  const scram = scramMechanisms.filter(({ name }) => {
    if (lacks.has(withoutPlus(name))) return false
    return channelBindings.length > 0 || !name.endsWith(PLUS)
  })
  const all = [
    ...(choice.isCertified ? [external] : []),
    ...scram,
    ...(isEncrypted || !isTlsRequired ? [plain] : []),
    ...(choice.digestMd5 ? [digestMd5] : []),
  ]
  return allowed ? all.filter(({ name }) => isAllowed(allowed, name)) : all
}

const PLUS = '-PLUS'

function withoutPlus(name: string): string {
  return name.endsWith(PLUS) ? name.slice(0, -PLUS.length) : name
}

/** Who allows a mechanism has nothing against binding it to the channel. */
function isAllowed(allowed: readonly string[], name: string): boolean {
  return allowed.includes(name) || allowed.includes(withoutPlus(name))
}
