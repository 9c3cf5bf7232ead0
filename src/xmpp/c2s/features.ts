/** What the server offers at each point of the negotiation (RFC 6120 §4.3.2, §5.4.1, §6.4.1, §7.4, XEP-0388 §2.1). */
import type { ChannelBindingType } from '../../net/link.ts'
import { type Element, xml } from '../../xml/element.ts'
import { NS_CSI } from '../client-state.ts'
import { NS_BIND, NS_BIND2, NS_FAST, NS_SASL, NS_SASL2, NS_SESSION, NS_TLS } from '../namespaces.ts'
import type { SaslMechanism, ScramMechanism } from '../sasl/mechanism.ts'
import type { BindFeature } from '../session.ts'
import { NS_SM } from '../stream-management/nonzas.ts'
import { upgradeTask } from './sign-in-policy.ts'

export const NS_UPGRADE = 'urn:xmpp:sasl:upgrade:0'
const NS_CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0'

export interface BeforeSignIn {
  readonly isEncrypted: boolean
  readonly canUpgrade: boolean
  readonly isTlsRequired: boolean
  readonly sasl: readonly SaslMechanism[]
  readonly sasl2: readonly SaslMechanism[]
  readonly tokens: readonly SaslMechanism[]
  readonly channelBindings: readonly ChannelBindingType[]
  readonly lacking: readonly ScramMechanism[]
  readonly bindFeatures: readonly BindFeature[]
  /** Of the layers above. */
  readonly contributed: readonly Element[]
}

export function beforeSignIn(state: BeforeSignIn): string {
  const { isEncrypted, canUpgrade, isTlsRequired, sasl, sasl2, channelBindings } = state
  const required = isTlsRequired ? xml('required') : undefined
  const bindings = channelBindings.map((type) => xml('channel-binding', { type }))
  return streamFeatures([
    ...(isEncrypted || !canUpgrade ? [] : [xml('starttls', { xmlns: NS_TLS }, required)]),
    ...(sasl.length > 0 ? [xml('mechanisms', { xmlns: NS_SASL }, ...named(sasl))] : []),
    ...(sasl2.length > 0 ? [authentication(state)] : []),
    ...(bindings.length > 0 ? [channelBindingTypes(bindings)] : []),
    ...state.contributed,
  ])
}

export function beforeBind(contributed: readonly Element[]): string {
  // RFC 6121 has no session any more; old clients wait for the feature and get a no-op.
  const session = xml('session', { xmlns: NS_SESSION }, xml('optional'))
  return streamFeatures([xml('bind', { xmlns: NS_BIND }), session, ...contributed])
}

/**
 * XEP-0388 §2.6.1: the client has its resource, and hears what else there is. What was turned on with the resource
 * cannot be again.
 */
export function afterBind(contributed: readonly Element[], { isManaged }: { isManaged: boolean }) {
  return streamFeatures(contributed.filter(({ ns }) => !(isManaged && ns === NS_SM)))
}

function streamFeatures(features: readonly Element[]): string {
  // The prefix is the one that the stream header binds.
  return `<stream:features>${features.join('')}</stream:features>`
}

function named(mechanisms: readonly SaslMechanism[]): Element[] {
  return mechanisms.map(({ name }) => xml('mechanism', {}, name))
}

/** XEP-0388 §2.1, XEP-0480 §2.1. */
function authentication({ sasl2, tokens, lacking, bindFeatures }: BeforeSignIn): Element {
  const upgrades = lacking.map((each) => xml('upgrade', { xmlns: NS_UPGRADE }, upgradeTask(each)))
  const inline = xml(
    'inline',
    {},
    xml('sm', { xmlns: NS_SM }),
    bind(bindFeatures),
    tokens.length > 0 ? xml('fast', { xmlns: NS_FAST }, ...named(tokens)) : undefined,
  )
  return xml('authentication', { xmlns: NS_SASL2 }, ...named(sasl2), inline, ...upgrades)
}

/** XEP-0386 §3.1. */
function bind(features: readonly BindFeature[]): Element {
  const names = [NS_SM, NS_CSI, ...features.map(({ ns }) => ns)]
  const offered = names.map((name) => xml('feature', { var: name }))
  return xml('bind', { xmlns: NS_BIND2 }, xml('inline', {}, ...offered))
}

/** XEP-0440 §2. */
function channelBindingTypes(types: readonly Element[]): Element {
  return xml('sasl-channel-binding', { xmlns: NS_CHANNEL_BINDING }, ...types)
}
