/**
 * Presence authorization rules (RFC 5025), a kind of common policy (RFC 4745), as far as the access
 * rules of this system can say the same. What is more than that is refused when read, never passed
 * over: a rule that does not hold as it is written is worse than none (docs/adr/0009-pres-rules.md).
 */
import type { BareJid } from '../../core/address.ts'

/** The media type (RFC 5025 §3, RFC 4745 §15.2). */
export const AUTH_POLICY = 'application/auth-policy+xml'
export const NS_COMMON_POLICY = 'urn:ietf:params:xml:ns:common-policy'
export const NS_PRES_RULES = 'urn:ietf:params:xml:ns:pres-rules'

/** RFC 5025 §3.2.1, the least permissive first. */
export const SUB_HANDLINGS = ['block', 'confirm', 'polite-block', 'allow'] as const
export type SubHandling = (typeof SUB_HANDLINGS)[number]

/** What we show of a person or service beyond what is always shown (RFC 5025 §3.3.2). */
export const ATTRIBUTES = [
  'activities',
  'class',
  'deviceID',
  'mood',
  'note',
  'place-is',
  'place-type',
  'privacy',
  'relationship',
  'servcaps',
  'sphere',
  'status-icon',
  'time-offset',
  'user-input',
  /** What nobody can name, because publishers may say anything: granted with all attributes alone. */
  'other',
] as const
export type Attribute = (typeof ATTRIBUTES)[number]

/** Whose accounts `many` is about; the last two are an extension in our namespace. */
export type Scope = 'anybody' | 'internal' | 'external'

export interface Many {
  readonly scope: Scope
  readonly domain: string | undefined
  readonly exceptAddresses: ReadonlySet<BareJid>
  readonly exceptDomains: ReadonlySet<string>
}

/** Classes of services, in lower case. */
export type Services = 'all' | ReadonlySet<string>

/** A permission that is missing grants nothing (RFC 4745 §10.2). */
export interface Permissions {
  readonly handling: SubHandling | undefined
  readonly services: Services | undefined
  readonly persons: boolean
  /** RFC 4479 §3.4. */
  readonly devices: boolean
  readonly attributes: ReadonlySet<Attribute>
  /** Extension: what the rules of the system say of the services that are not provided, holds. */
  readonly systemPolicy: boolean
  /** Extension: the services that are not provided wait for the presentity's word. */
  readonly confirmRest: boolean
}

export interface PresRule {
  readonly id: string
  /** It is about those whom any of the two names. */
  readonly ones: ReadonlySet<BareJid>
  readonly manys: readonly Many[]
  readonly permissions: Permissions
}

export interface PresRuleset {
  readonly rules: readonly PresRule[]
}

/** Both parts of a document that grow: rules, and the addresses and domains in them. */
export const MAX_RULES = 500
export const MAX_IDENTITIES = 12_000
/** Each is asked about every watcher that the document names. */
export const MAX_GENERAL = 100
export const MAX_BYTES = 1_048_576

/** `message` is for whoever wrote the document; it names the rule where one is to blame. */
export class PresRulesError extends Error {
  readonly kind: 'not-well-formed' | 'schema' | 'unsupported' | 'too-large'

  constructor(kind: PresRulesError['kind'], message: string) {
    super(message)
    this.name = 'PresRulesError'
    this.kind = kind
  }
}

export const NOTHING_GRANTED: Permissions = {
  handling: undefined,
  services: undefined,
  persons: false,
  devices: false,
  attributes: new Set(),
  systemPolicy: false,
  confirmRest: false,
}
