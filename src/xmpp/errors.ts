/** The errors of XMPP, each in its own layer: thrown by whoever refuses, rendered in one place. */
import { counter } from '../util/metrics.ts'
import { type Element, xml } from '../xml/element.ts'
import { NS_CLIENT, NS_SASL, NS_STANZA_ERRORS, NS_STREAM_ERRORS } from './namespaces.ts'

/** Counted where they are put into words: a refusal that nobody is told is none. */
const told = counter({
  name: 'heliograph_xmpp_errors_total',
  help: 'Errors that clients were told, of a stanza or of the whole stream, by condition.',
  labels: ['of', 'condition'],
})

/** RFC 6120 §8.3.3, with the error type that fits each (§8.3.2). */
export type StanzaErrorType = 'auth' | 'cancel' | 'continue' | 'modify' | 'wait'
export type StanzaCondition =
  | 'bad-request'
  | 'conflict'
  | 'feature-not-implemented'
  | 'forbidden'
  | 'gone'
  | 'internal-server-error'
  | 'item-not-found'
  | 'jid-malformed'
  | 'not-acceptable'
  | 'not-allowed'
  | 'not-authorized'
  | 'policy-violation'
  | 'recipient-unavailable'
  | 'redirect'
  | 'registration-required'
  | 'remote-server-not-found'
  | 'remote-server-timeout'
  | 'resource-constraint'
  | 'service-unavailable'
  | 'subscription-required'
  | 'undefined-condition'
  | 'unexpected-request'

/** Refuses one stanza; the stream goes on (RFC 6120 §8.3). */
export class StanzaError extends Error {
  readonly type: StanzaErrorType
  readonly condition: StanzaCondition
  readonly text: string | undefined
  /** An application-specific condition (RFC 6120 §8.3.4). */
  readonly detail: Element | undefined

  constructor(type: StanzaErrorType, condition: StanzaCondition, text?: string, detail?: Element) {
    super(text ?? condition)
    this.name = 'StanzaError'
    this.type = type
    this.condition = condition
    this.text = text
    this.detail = detail
  }

  toElement(): Element {
    told.inc({ of: 'stanza', condition: this.condition })
    return xml(
      'error',
      { xmlns: NS_CLIENT, type: this.type },
      xml(this.condition, { xmlns: NS_STANZA_ERRORS }),
      this.text === undefined
        ? undefined
        : xml('text', { xmlns: NS_STANZA_ERRORS, 'xml:lang': 'en' }, this.text),
      this.detail,
    )
  }
}

export const badRequest = (text?: string) => new StanzaError('modify', 'bad-request', text)
export const forbidden = () => new StanzaError('auth', 'forbidden')
export const itemNotFound = () => new StanzaError('cancel', 'item-not-found')
export const jidMalformed = () => new StanzaError('modify', 'jid-malformed')
export const notAcceptable = (text?: string) => new StanzaError('modify', 'not-acceptable', text)
export const notAllowed = (text?: string) => new StanzaError('cancel', 'not-allowed', text)
export const serviceUnavailable = () => new StanzaError('cancel', 'service-unavailable')
export const remoteServerNotFound = () => new StanzaError('cancel', 'remote-server-not-found')
export const remoteServerTimeout = () => new StanzaError('wait', 'remote-server-timeout')
export const resourceConstraint = (text?: string) =>
  new StanzaError('wait', 'resource-constraint', text)
export const internalServerError = () => new StanzaError('cancel', 'internal-server-error')

/**
 * The stanza that tells its sender what was wrong (RFC 6120 §8.3.1), or `undefined` where an answer
 * is not allowed: to errors and to results.
 */
export function errorReply(stanza: Element, error: StanzaError): Element | undefined {
  const type = stanza.attr('type')
  if (type === 'error' || (stanza.name === 'iq' && type === 'result')) return undefined
  return xml(
    stanza.name,
    {
      xmlns: NS_CLIENT,
      type: 'error',
      id: stanza.attr('id'),
      from: stanza.attr('to'),
      to: stanza.attr('from'),
    },
    error.toElement(),
  )
}

/** RFC 6120 §4.9.3. */
export type StreamCondition =
  | 'bad-format'
  | 'bad-namespace-prefix'
  | 'conflict'
  | 'connection-timeout'
  | 'host-gone'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'invalid-from'
  | 'invalid-namespace'
  | 'invalid-xml'
  | 'not-authorized'
  | 'not-well-formed'
  | 'policy-violation'
  | 'remote-connection-failed'
  | 'reset'
  | 'resource-constraint'
  | 'restricted-xml'
  | 'system-shutdown'
  | 'undefined-condition'
  | 'unsupported-encoding'
  | 'unsupported-feature'
  | 'unsupported-stanza-type'
  | 'unsupported-version'

/** Ends the stream (RFC 6120 §4.9). */
export class StreamError extends Error {
  readonly condition: StreamCondition
  readonly text: string | undefined
  /** What an application says beside (RFC 6120 §4.9.4). */
  readonly detail: Element | undefined

  constructor(condition: StreamCondition, text?: string, detail?: Element) {
    super(text ?? condition)
    this.name = 'StreamError'
    this.condition = condition
    this.text = text
    this.detail = detail
  }

  override toString(): string {
    told.inc({ of: 'stream', condition: this.condition })
    const text =
      this.text === undefined
        ? undefined
        : xml('text', { xmlns: NS_STREAM_ERRORS, 'xml:lang': 'en' }, this.text)
    const condition = xml(this.condition, { xmlns: NS_STREAM_ERRORS })
    // The prefix that the stream header binds: clients of old look for it.
    return `<stream:error>${condition}${text ?? ''}${this.detail ?? ''}</stream:error>`
  }
}

/** RFC 6120 §6.5. */
export type SaslCondition =
  | 'aborted'
  | 'account-disabled'
  | 'credentials-expired'
  | 'encryption-required'
  | 'incorrect-encoding'
  | 'invalid-authzid'
  | 'invalid-mechanism'
  | 'malformed-request'
  | 'mechanism-too-weak'
  | 'not-authorized'
  | 'temporary-auth-failure'

/** Ends one attempt to sign in; the client may try again on the same stream. */
export class SaslError extends Error {
  readonly condition: SaslCondition
  readonly text: string | undefined

  constructor(condition: SaslCondition, text?: string) {
    super(text ?? condition)
    this.name = 'SaslError'
    this.condition = condition
    this.text = text
  }

  /** As the profile of this namespace has it: RFC 6120's own, or XEP-0388 with its words. */
  toElement(profile: string = NS_SASL): Element {
    return xml(
      'failure',
      { xmlns: profile },
      xml(this.condition, { xmlns: NS_SASL }),
      this.text === undefined ? undefined : xml('text', { 'xml:lang': 'en' }, this.text),
    )
  }
}
