/** The keys that SCRAM keeps instead of a password: RFC 5802 §3, and RFC 7677 for SHA-256. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { CredentialsTable } from '../storage/schema/credentials.ts'
import { DirectoryError } from './errors.ts'

export const SCRAM_MECHANISMS = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type ScramMechanism = (typeof SCRAM_MECHANISMS)[number]

export interface ScramKeys {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

/** PBKDF2 rounds for passwords set from now on. */
export type ScramIterations = Readonly<Record<ScramMechanism, number>>

/** RFC 7677 §4 and RFC 5802 §5.1 ask for 4,096 at least. */
export const DEFAULT_ITERATIONS: ScramIterations = {
  'SCRAM-SHA-1': 10_000,
  'SCRAM-SHA-256': 10_000,
  'SCRAM-SHA-512': 10_000,
}

export const HASHES: Record<ScramMechanism, { name: string; bytes: number }> = {
  'SCRAM-SHA-1': { name: 'sha1', bytes: 20 },
  'SCRAM-SHA-256': { name: 'sha256', bytes: 32 },
  'SCRAM-SHA-512': { name: 'sha512', bytes: 64 },
}

const SALT_BYTES = 16
/** The pool that does the work has four threads, which also open files and look up names. */
const CONCURRENCY = 3
const MAX_WAITING = 8_192

const derive = promisify(pbkdf2)

/** Does the slow part off the main thread, a few at a time. */
export class ScramHasher {
  readonly #iterations: ScramIterations
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(iterations: ScramIterations = DEFAULT_ITERATIONS) {
    this.#iterations = iterations
  }

  iterations(mechanism: ScramMechanism): number {
    return this.#iterations[mechanism]
  }

  /** New keys with a new salt. `password` is prepared. Throws `DirectoryError` `BUSY`. */
  keys(mechanism: ScramMechanism, password: string): Promise<ScramKeys> {
    return this.derive(mechanism, password, {
      salt: randomBytes(SALT_BYTES),
      iterations: this.iterations(mechanism),
    })
  }

  /** Whether `password`, prepared, is the one that `keys` came from. Throws `DirectoryError` `BUSY`. */
  async matches(mechanism: ScramMechanism, password: string, keys: ScramKeys): Promise<boolean> {
    const { storedKey } = await this.derive(mechanism, password, keys)
    return storedKey.length === keys.storedKey.length && timingSafeEqual(storedKey, keys.storedKey)
  }

  /** Keys from a salt and a count that are there already. Throws `DirectoryError` `BUSY`. */
  async derive(
    mechanism: ScramMechanism,
    password: string,
    { salt, iterations }: Pick<ScramKeys, 'salt' | 'iterations'>,
  ): Promise<ScramKeys> {
    const { name, bytes } = HASHES[mechanism]
    await this.#enter()
    try {
      const salted = await derive(password, salt, iterations, bytes, name)
      return { salt, iterations, ...keysOf(name, salted) }
    } finally {
      this.#leave()
    }
  }

  async #enter(): Promise<void> {
    if (this.#running < CONCURRENCY) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= MAX_WAITING) {
      throw new DirectoryError('BUSY', 'too many passwords are being checked')
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#running -= 1
  }
}

/** RFC 5802 §3, from the salted password. */
export function keysOf(hash: string, salted: Buffer): Pick<ScramKeys, 'storedKey' | 'serverKey'> {
  const clientKey = createHmac(hash, salted).update('Client Key').digest()
  const storedKey = createHash(hash).update(clientKey).digest()
  const serverKey = createHmac(hash, salted).update('Server Key').digest()
  return { storedKey, serverKey }
}

export function serializeKeys(
  account: string,
  mechanism: ScramMechanism,
  { salt, iterations, storedKey, serverKey }: ScramKeys,
): CredentialsTable {
  return {
    account,
    mechanism,
    salt: salt.toString('base64'),
    iterations,
    stored_key: storedKey.toString('base64'),
    server_key: serverKey.toString('base64'),
  }
}

/**
 * Keys for a name that has none, always the same ones, which no password fits: so that an exchange
 * with an unknown user looks like one with a wrong password (RFC 5802 §5.1, `unknown-user` is optional).
 */
export function fakeKeys(
  secret: Buffer,
  account: string,
  mechanism: ScramMechanism,
  iterations: number,
): ScramKeys {
  const { bytes } = HASHES[mechanism]
  const made = (part: string) =>
    createHmac('sha512', secret).update(`${part}\0${mechanism}\0${account}`).digest()
  return {
    salt: made('salt').subarray(0, SALT_BYTES),
    iterations,
    storedKey: made('stored').subarray(0, bytes),
    serverKey: made('server').subarray(0, bytes),
  }
}
