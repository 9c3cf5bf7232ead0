/** SASL as RFC 6120 §6.4 has it: `<auth/>`, and a new stream after `<success/>`. */
import type { BareJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { SaslError } from '../errors.ts'
import { NS_SASL } from '../namespaces.ts'
import type { SaslContext, SaslMechanism } from '../sasl/mechanism.ts'
import { SaslNegotiation, type SaslResult } from '../sasl/negotiation.ts'
import type { Attempts } from './attempts.ts'
import type { SignInPolicy } from './sign-in-policy.ts'
import type { StreamConnection } from './stream-connection.ts'

export interface Sasl1Parts {
  readonly connection: StreamConnection
  readonly policy: SignInPolicy
  readonly attempts: Attempts
  readonly mechanisms: readonly SaslMechanism[]
  readonly context: SaslContext
}

export class Sasl1 {
  readonly #parts: Sasl1Parts
  readonly #negotiation = new SaslNegotiation()

  constructor(parts: Sasl1Parts) {
    this.#parts = parts
  }

  /** Answers it; who it is, once that is known. Rejects with `StreamError` after too many failures. */
  async take(element: Element): Promise<BareJid | undefined> {
    const { connection, policy, attempts } = this.#parts
    const refusal = this.#negotiation.isRunning ? undefined : attempts.refusal(policy)
    if (refusal) return this.#failed(refusal)
    const result = await this.#step(element)
    if (!connection.isOpen) return undefined
    switch (result.kind) {
      case 'challenge':
        connection.write(xml('challenge', { xmlns: NS_SASL }, result.data).toString())
        return undefined
      case 'failure':
        return this.#failed(result.error)
      case 'success':
        attempts.succeeded(result.account)
        connection.write(xml('success', { xmlns: NS_SASL }, result.data).toString())
        return result.account
    }
  }

  #step(element: Element): SaslResult | Promise<SaslResult> {
    const { mechanisms, context } = this.#parts
    const text = element.text()
    switch (element.name) {
      case 'auth': {
        // §6.4.2: nothing is no initial response, and an equals sign is an empty one.
        const initial = text === '' ? undefined : withoutEquals(text)
        const name = element.attr('mechanism') ?? ''
        return this.#negotiation.start(mechanisms, context, { name, initial })
      }
      case 'response':
        return this.#negotiation.respond(withoutEquals(text))
      case 'abort':
        return this.#negotiation.abort()
      default:
        return { kind: 'failure', error: new SaslError('malformed-request') }
    }
  }

  #failed(error: SaslError): undefined {
    this.#parts.connection.write(error.toElement().toString())
    this.#parts.attempts.failed(error)
    return undefined
  }
}

function withoutEquals(text: string): string {
  return text === '=' ? '' : text
}
