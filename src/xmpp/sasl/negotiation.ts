/** One stream's attempts to sign in (RFC 6120 §6): the elements on the wire around a mechanism. */
import type { BareJid } from '../../core/address.ts'
import { counter } from '../../util/metrics.ts'
import { type Element, xml } from '../../xml/element.ts'
import { SaslError } from '../errors.ts'
import { NS_SASL } from '../namespaces.ts'
import { digestMd5 } from './digest-md5.ts'
import type { SaslContext, SaslExchange, SaslMechanism, SaslStep } from './mechanism.ts'
import { plain } from './plain.ts'
import { scramMechanisms } from './scram.ts'

export type SaslResult =
  | { readonly kind: 'continue'; readonly reply: Element }
  | { readonly kind: 'success'; readonly reply: Element; readonly account: BareJid }
  | { readonly kind: 'failure'; readonly error: SaslError }

const MAX_BASE64 = 16_384

const logins = counter({
  name: 'heliograph_xmpp_logins_total',
  help: 'SASL exchanges that ended, by mechanism and result.',
  labels: ['mechanism', 'result'],
})

export interface MechanismChoice {
  readonly encrypted: boolean
  readonly plaintextAuth: boolean
  readonly digestMd5: boolean
}

/** What a stream offers, best first. PLAIN needs TLS (RFC 6120 §13.8.1) unless the operator waived it. */
export function mechanismsFor(choice: MechanismChoice): readonly SaslMechanism[] {
  const scram = scramMechanisms.filter(({ name }) => choice.encrypted || !name.endsWith('-PLUS'))
  return [
    ...scram,
    ...(choice.encrypted || choice.plaintextAuth ? [plain] : []),
    ...(choice.digestMd5 ? [digestMd5] : []),
  ]
}

export class SaslNegotiation {
  readonly #mechanisms: readonly SaslMechanism[]
  readonly #context: SaslContext
  #exchange: SaslExchange | undefined
  #mechanism = 'none'

  constructor(mechanisms: readonly SaslMechanism[], context: SaslContext) {
    this.#mechanisms = mechanisms
    this.#context = context
  }

  /** Takes `<auth/>`, `<response/>` or `<abort/>`; never rejects for what a client sends. */
  async take(element: Element): Promise<SaslResult> {
    try {
      return await this.#result(await this.#step(element))
    } catch (error) {
      this.#exchange = undefined
      const refusal = error instanceof SaslError ? error : new SaslError('temporary-auth-failure')
      if (refusal !== error) this.#context.broken(error)
      logins.inc({ mechanism: this.#mechanism, result: refusal.condition })
      return { kind: 'failure', error: refusal }
    }
  }

  #step(element: Element): SaslStep | Promise<SaslStep> {
    switch (element.name) {
      case 'auth':
        return this.#start(element)
      case 'response':
        if (!this.#exchange) throw new SaslError('malformed-request')
        return this.#exchange.step(decode(element.text()))
      case 'abort':
        throw new SaslError('aborted')
      default:
        throw new SaslError('malformed-request')
    }
  }

  #start(element: Element): SaslStep | Promise<SaslStep> {
    const name = element.attr('mechanism') ?? ''
    const mechanism = this.#mechanisms.find((one) => one.name === name)
    this.#mechanism = mechanism?.name ?? 'unknown'
    // §6.5.8: one that we know, and that the operator does not trust for this domain.
    if (name === digestMd5.name && !mechanism) throw new SaslError('mechanism-too-weak')
    if (!mechanism) throw new SaslError('invalid-mechanism')
    this.#exchange = mechanism.start(this.#context)
    const initial = element.text()
    // RFC 6120 §6.4.2: no initial response, where the mechanism needs one, is asked for with an empty challenge.
    if (initial === '' && !mechanism.serverFirst)
      return { kind: 'challenge', data: Buffer.alloc(0) }
    return this.#exchange.step(decode(initial))
  }

  async #result(step: SaslStep): Promise<SaslResult> {
    if (step.kind === 'challenge') {
      return { kind: 'continue', reply: xml('challenge', { xmlns: NS_SASL }, encode(step.data)) }
    }
    // §6.5.2; said only to who has proved that the account is his.
    if (!(await this.#context.mayEnter(step.account))) throw new SaslError('account-disabled')
    this.#exchange = undefined
    logins.inc({ mechanism: this.#mechanism, result: 'success' })
    const reply = xml('success', { xmlns: NS_SASL }, step.data ? encode(step.data) : undefined)
    return { kind: 'success', reply, account: step.account }
  }
}

/** §6.4.2: an equals sign stands for an empty response. */
function decode(text: string): Buffer {
  if (text === '=' || text === '') return Buffer.alloc(0)
  if (text.length > MAX_BASE64) throw new SaslError('malformed-request')
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text)) {
    throw new SaslError('incorrect-encoding')
  }
  return Buffer.from(text, 'base64')
}

function encode(data: Buffer): string {
  return data.toString('base64')
}
