/**
 * Who has to wait for having failed to sign in: an address that fails with many accounts, and one account from one
 * address. Nobody can lock another out: what fails elsewhere is not held against him.
 */
import type { BareJid } from '../../core/address.ts'
import type { Clock } from '../../util/clock.ts'
import { GrowingDelays } from '../../util/growing-delays.ts'
import { counter } from '../../util/metrics.ts'

/** A whole office may come from one address, and mistype one password every 15 seconds for ever. */
const ADDRESS_FREE = 20
const ADDRESS_FORGIVE_MS = 15_000
const ACCOUNT_FREE = 5
const ACCOUNT_FORGIVE_MS = 600_000

const delayed = counter({
  name: 'heliograph_xmpp_logins_delayed_total',
  help: 'Tries to sign in that were refused unheard because of failures before, by what had failed.',
  labels: ['by'],
})

export class SignInDelays {
  readonly #addresses: GrowingDelays
  readonly #accounts: GrowingDelays

  /** `maxFailures`: of an address, before it has to wait. */
  constructor(clock: Clock, maxFailures = ADDRESS_FREE) {
    const free = { free: maxFailures, forgiveMs: ADDRESS_FORGIVE_MS }
    this.#addresses = new GrowingDelays(clock, free)
    this.#accounts = new GrowingDelays(clock, { free: ACCOUNT_FREE, forgiveMs: ACCOUNT_FORGIVE_MS })
  }

  /** Whether the address may try now. */
  admitsAddress(address: string): boolean {
    if (this.#addresses.waitMs(address) === 0) return true
    delayed.inc({ by: 'address' })
    return false
  }

  /** Whether it may try with this account, which need not exist. */
  admitsAccount(address: string, account: BareJid): boolean {
    if (this.#accounts.waitMs(pair(address, account)) === 0) return true
    delayed.inc({ by: 'account' })
    return false
  }

  failed(address: string, account: BareJid | undefined): void {
    this.#addresses.failed(address)
    if (account !== undefined) this.#accounts.failed(pair(address, account))
  }

  succeeded(address: string, account: BareJid): void {
    this.#accounts.forget(pair(address, account))
  }
}

function pair(address: string, account: BareJid): string {
  return `${address} ${account}`
}
