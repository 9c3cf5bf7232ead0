/** What a right password opened: tokens, and passwords that need not be checked again for a while. */
import { createHmac, randomBytes } from 'node:crypto'
import type { Clock } from '../util/clock.ts'
import type { Principal } from './principal.ts'

interface Grant {
  readonly principal: Principal
  readonly expiresAt: number
}

const MAX_GRANTS = 100_000
/** Of one principal: who signs in once more loses his oldest, and nobody else any. */
const MAX_GRANTS_OF_ONE = 50

export class Grants {
  readonly #clock: Clock
  /** Secrets are kept as keyed hashes only; looking one up tells an attacker nothing by its timing. */
  readonly #key = randomBytes(32)
  /** Oldest first. */
  readonly #grants = new Map<string, Grant>()
  readonly #byName = new Map<string, Set<string>>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Answers when the grant ends, in milliseconds since the epoch. */
  add(secret: string, principal: Principal, lifetimeMs: number): number {
    const key = this.#hash(secret)
    this.#delete(key)
    const own = this.#byName.get(principal.name) ?? new Set()
    const [oldest] = own.size >= MAX_GRANTS_OF_ONE ? own : this.#grants.keys()
    if (own.size >= MAX_GRANTS_OF_ONE || this.#grants.size >= MAX_GRANTS) this.#delete(oldest)
    const expiresAt = this.#clock.now() + lifetimeMs
    this.#grants.set(key, { principal, expiresAt })
    this.#byName.set(principal.name, own.add(key))
    return expiresAt
  }

  get(secret: string): Principal | undefined {
    const key = this.#hash(secret)
    const grant = this.#grants.get(key)
    if (grant && grant.expiresAt > this.#clock.now()) return grant.principal
    this.#delete(key)
    return undefined
  }

  revoke(secret: string): void {
    this.#delete(this.#hash(secret))
  }

  revokeAll(name: string): void {
    for (const key of [...(this.#byName.get(name) ?? [])]) this.#delete(key)
  }

  #delete(key: string | undefined): void {
    const grant = key === undefined ? undefined : this.#grants.get(key)
    if (key === undefined || !grant) return
    this.#grants.delete(key)
    const { name } = grant.principal
    const own = this.#byName.get(name)
    own?.delete(key)
    if (own?.size === 0) this.#byName.delete(name)
  }

  #hash(secret: string): string {
    return createHmac('sha256', this.#key).update(secret).digest('base64url')
  }
}
