/** What bounds the attempts to sign in on one stream. */
import type { BareJid } from '../../core/address.ts'
import { SaslError, StreamError } from '../errors.ts'
import type { SignInDelays } from './sign-in-delays.ts'
import type { SignInPolicy } from './sign-in-policy.ts'
import type { StreamConnection } from './stream-connection.ts'

/** RFC 6120 §6.4.5: between two and five tries on a stream. */
const MAX_FAILURES = 5

export class Attempts {
  readonly #delays: SignInDelays
  readonly #connection: StreamConnection
  #failures = 0
  /** Whose account it was said to be in this attempt. */
  #claimed: BareJid | undefined

  constructor(delays: SignInDelays, connection: StreamConnection) {
    this.#delays = delays
    this.#connection = connection
  }

  /** Why nobody may even try. */
  refusal({ isTlsRequired }: SignInPolicy): SaslError | undefined {
    this.#claimed = undefined
    const { isEncrypted, source } = this.#connection
    if (isTlsRequired && !isEncrypted) return new SaslError('encryption-required')
    if (!this.#delays.admitsAddress(source)) return tooManyFailures()
    return undefined
  }

  /** Throws `SaslError` where this address has failed too often with the account. */
  claimed(account: BareJid): void {
    if (!this.#delays.admitsAccount(this.#connection.source, account)) throw tooManyFailures()
    this.#claimed = account
  }

  /** Counts it. Throws `StreamError` where it is one too many. */
  failed({ condition }: SaslError): void {
    this.#failures += 1
    if (condition === 'not-authorized' || condition === 'invalid-authzid') {
      this.#delays.failed(this.#connection.source, this.#claimed)
    }
    this.#claimed = undefined
    if (this.#failures >= MAX_FAILURES) {
      throw new StreamError('policy-violation', 'too many failures to sign in')
    }
  }

  succeeded(account: BareJid): void {
    this.#delays.succeeded(this.#connection.source, account)
  }
}

function tooManyFailures(): SaslError {
  return new SaslError('temporary-auth-failure', 'too many failures; wait a while')
}
