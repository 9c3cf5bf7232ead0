/** What the server offers at each point of the negotiation (RFC 6120 §4.3.2, §5.4.1, §6.4.1, §7.4). */
import { type Element, xml } from '../../xml/element.ts'
import { NS_BIND, NS_SASL, NS_SESSION, NS_TLS } from '../namespaces.ts'
import type { SaslMechanism } from '../sasl/mechanism.ts'

export interface Negotiated {
  readonly encrypted: boolean
  readonly authenticated: boolean
  readonly tlsRequired: boolean
  readonly mechanisms: readonly SaslMechanism[]
  /** Of the layers above, for this point. */
  readonly contributed: readonly Element[]
}

export function streamFeatures(state: Negotiated): string {
  // The prefix is the one that the stream header binds.
  return `<stream:features>${offered(state).join('')}</stream:features>`
}

function offered(state: Negotiated): Element[] {
  if (state.authenticated) {
    // RFC 6121 has no session any more; old clients wait for the feature and get a no-op.
    const session = xml('session', { xmlns: NS_SESSION }, xml('optional'))
    return [xml('bind', { xmlns: NS_BIND }), session, ...state.contributed]
  }
  const features: Element[] = []
  if (!state.encrypted) {
    features.push(
      xml('starttls', { xmlns: NS_TLS }, state.tlsRequired ? xml('required') : undefined),
    )
  }
  if (state.encrypted || !state.tlsRequired) {
    const names = state.mechanisms.map(({ name }) => xml('mechanism', {}, name))
    features.push(xml('mechanisms', { xmlns: NS_SASL }, ...names))
  }
  return [...features, ...state.contributed]
}
