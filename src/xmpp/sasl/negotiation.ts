/** One exchange after the other on a stream, whatever the elements around them (RFC 6120 §6, XEP-0388). */
import type { BareJid } from '../../core/address.ts'
import { counter } from '../../util/metrics.ts'
import { SaslError } from '../errors.ts'
import { EXPIRED } from './certified-client.ts'
import { digestMd5 } from './digest-md5.ts'
import { external } from './external.ts'
import type { SaslContext, SaslExchange, SaslMechanism, SaslStep } from './mechanism.ts'

export type SaslResult =
  | { readonly kind: 'challenge'; readonly data: string }
  | {
      readonly kind: 'success'
      readonly account: BareJid
      readonly mechanism: SaslMechanism
      /** What the mechanism says with it. */
      readonly data: string | undefined
    }
  | { readonly kind: 'failure'; readonly error: SaslError }

const MAX_BASE64 = 16_384

const logins = counter({
  name: 'heliograph_xmpp_logins_total',
  help: 'SASL exchanges that ended, by mechanism and result.',
  labels: ['mechanism', 'result'],
})

interface Running {
  readonly mechanism: SaslMechanism
  readonly exchange: SaslExchange
  readonly context: SaslContext
}

/** Data of the client and for the client are in base64; nothing here rejects for what a client sends. */
export class SaslNegotiation {
  #running: Running | undefined
  #mechanism = 'none'

  /** An exchange has begun and not ended. */
  get isRunning(): boolean {
    return this.#running !== undefined
  }

  /** `initial` is undefined where the client sent no initial response, which is not the same as an empty one. */
  start(
    offered: readonly SaslMechanism[],
    context: SaslContext,
    { name, initial }: { name: string; initial: string | undefined },
  ): Promise<SaslResult> {
    return this.#run(context, () => {
      const mechanism = offered.find((one) => one.name === name)
      this.#mechanism = mechanism?.name ?? 'unknown'
      if (!mechanism) throw notOffered(name, context)
      const exchange = mechanism.start(context)
      this.#running = { mechanism, exchange, context }
      if (initial !== undefined) return exchange.step(decode(initial))
      const nothing = Buffer.alloc(0)
      // RFC 6120 §6.4.2: where the mechanism needs one, it is asked for with an empty challenge.
      return mechanism.serverFirst ? exchange.step(nothing) : { kind: 'challenge', data: nothing }
    })
  }

  respond(data: string): Promise<SaslResult> {
    return this.#run(this.#running?.context, () => {
      if (!this.#running) throw new SaslError('malformed-request')
      return this.#running.exchange.step(decode(data))
    })
  }

  abort(): SaslResult {
    return this.#failure(this.#running?.context, new SaslError('aborted'))
  }

  async #run(
    context: SaslContext | undefined,
    step: () => SaslStep | Promise<SaslStep>,
  ): Promise<SaslResult> {
    try {
      return await this.#result(await step())
    } catch (error) {
      return this.#failure(context, error)
    }
  }

  async #result(step: SaslStep): Promise<SaslResult> {
    if (step.kind === 'challenge') return { kind: 'challenge', data: step.data.toString('base64') }
    if (!this.#running) throw new SaslError('malformed-request')
    const { mechanism, context } = this.#running
    const { account, data } = step
    const standing = await context.standing(account)
    // §6.5.2; said only to who has proved that the account is his.
    if (standing === 'disabled') throw new SaslError('account-disabled')
    if (standing === 'unknown') throw new SaslError('not-authorized')
    this.#running = undefined
    logins.inc({ mechanism: this.#mechanism, result: 'success' })
    return { kind: 'success', account, mechanism, data: data?.toString('base64') }
  }

  #failure(context: SaslContext | undefined, error: unknown): SaslResult {
    this.#running = undefined
    const refusal = error instanceof SaslError ? error : new SaslError('temporary-auth-failure')
    if (refusal !== error) context?.broken(error)
    logins.inc({ mechanism: this.#mechanism, result: refusal.condition })
    return { kind: 'failure', error: refusal }
  }
}

function notOffered(name: string, { certificate }: SaslContext): SaslError {
  // RFC 6120 §6.5.8: one that we know, and that the operator does not trust for this domain.
  if (name === digestMd5.name) return new SaslError('mechanism-too-weak')
  if (name !== external.name || !certificate) return new SaslError('invalid-mechanism')
  // §6.5.4.
  return new SaslError(certificate.problem === EXPIRED ? 'credentials-expired' : 'not-authorized')
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

function decode(text: string): Buffer {
  if (text.length > MAX_BASE64) throw new SaslError('malformed-request')
  if (!BASE64.test(text)) throw new SaslError('incorrect-encoding')
  return Buffer.from(text, 'base64')
}
