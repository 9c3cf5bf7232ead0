/**
 * What streams are offered, as text: made once for all streams of a kind, since making it for each
 * would be a good part of a sign-in.
 */
import type { ChannelBindingType } from '../../net/link.ts'
import { HASHED_TOKENS, hashedTokens } from '../sasl/fast/hashed-token.ts'
import type { SaslMechanism, ScramMechanism } from '../sasl/mechanism.ts'
import { mechanismsFor } from '../sasl/mechanisms.ts'
import { Offered } from '../sasl/offered.ts'
import type { StanzaHandler } from '../session.ts'
import { afterBind, beforeBind, beforeSignIn } from './features.ts'
import type { SignInPolicy } from './sign-in-policy.ts'

/** All that decides what a stream is offered to somebody who has not signed in. */
export interface StreamKind {
  readonly policy: SignInPolicy
  readonly isEncrypted: boolean
  /** It may become so. */
  readonly canUpgrade: boolean
  readonly channelBindings: readonly ChannelBindingType[]
  /** The domain has it. */
  readonly digestMd5: boolean
  /** The client has shown a certificate for an account of the domain. */
  readonly isCertified: boolean
  /** Mechanisms whose keys the account lacks that the client says is his (XEP-0388 §2.1). */
  readonly lacking: readonly ScramMechanism[]
}

export interface Offer {
  /** RFC 6120 §6. */
  readonly sasl: Offered
  /** XEP-0388. */
  readonly sasl2: Offered
  /** XEP-0484. */
  readonly tokens: readonly SaslMechanism[]
  readonly features: string
}

export interface OffersDeps {
  readonly handler: Pick<StanzaHandler, 'features' | 'guests' | 'bindFeatures'>
  /** Tokens are made and taken. */
  readonly hasTokens: boolean
}

export class Offers {
  readonly #deps: OffersDeps
  readonly #made = new WeakMap<SignInPolicy, Map<string, Offer>>()
  /** To who has signed in: with a resource to be bound, and without. */
  readonly beforeBind: string
  readonly afterBind: string
  /** The same with stream management turned on (XEP-0198 §9.1). */
  readonly afterManagedBind: string

  constructor(deps: OffersDeps) {
    this.#deps = deps
    this.beforeBind = beforeBind(deps.handler.features)
    this.afterBind = afterBind(deps.handler.features, { isManaged: false })
    this.afterManagedBind = afterBind(deps.handler.features, { isManaged: true })
  }

  for(kind: StreamKind): Offer {
    let offers = this.#made.get(kind.policy)
    if (!offers) {
      offers = new Map()
      this.#made.set(kind.policy, offers)
    }
    const key = keyOf(kind)
    let offer = offers.get(key)
    if (!offer) {
      offer = this.#make(kind)
      offers.set(key, offer)
    }
    return offer
  }

  #make(kind: StreamKind): Offer {
    const { policy, channelBindings, isEncrypted } = kind
    const mechanisms = mechanismsFor({
      ...kind,
      isTlsRequired: policy.isTlsRequired,
      allowed: policy.mechanisms,
    })
    const isOpen = isEncrypted || !policy.isTlsRequired
    const sasl = new Offered(isOpen ? mechanisms : [], channelBindings)
    const sasl2 = new Offered(isEncrypted ? forSasl2(mechanisms) : [], channelBindings)
    const tokens = isEncrypted ? this.#tokens(kind) : []
    const { handler } = this.#deps
    return {
      sasl,
      sasl2,
      tokens,
      features: beforeSignIn({
        ...kind,
        isTlsRequired: policy.isTlsRequired,
        sasl: sasl.mechanisms,
        sasl2: sasl2.mechanisms,
        tokens,
        bindFeatures: handler.bindFeatures ?? [],
        contributed: isOpen ? (handler.guests?.features ?? []) : [],
      }),
    }
  }

  #tokens({ policy, channelBindings }: StreamKind): readonly SaslMechanism[] {
    if (!this.#deps.hasTokens) return []
    const isAllowed = policy.mechanisms?.includes(HASHED_TOKENS) ?? true
    return isAllowed ? hashedTokens(channelBindings) : []
  }
}

/** What serves clients of old only is not offered to new ones. */
function forSasl2(mechanisms: readonly SaslMechanism[]): readonly SaslMechanism[] {
  return mechanisms.filter(({ serverFirst }) => !serverFirst)
}

/** There are a few of them, whatever clients say. */
function keyOf(kind: StreamKind): string {
  const { isEncrypted, canUpgrade, digestMd5, isCertified, channelBindings, lacking } = kind
  const flags =
    (isEncrypted ? 1 : 0) + (digestMd5 ? 2 : 0) + (isCertified ? 4 : 0) + (canUpgrade ? 8 : 0)
  return `${flags} ${channelBindings.join()} ${lacking.join()}`
}
