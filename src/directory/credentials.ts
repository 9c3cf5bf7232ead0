/** What is kept of passwords, and checks against it. */
import type { BareJid } from '../core/address.ts'
import type { Queryable } from '../storage/database.ts'
import {
  findCredential,
  findDigestHash,
  replaceCredentials,
} from '../storage/stores/credentials.ts'
import { type DigestAlgorithm, type DigestKind, digestHashes } from './digest.ts'
import type { Domain } from './domain.ts'
import { LoadingCache } from './loading-cache.ts'
import { preparePassword } from './passwords.ts'
import {
  fakeKeys,
  SCRAM_MECHANISMS,
  type ScramHasher,
  type ScramKeys,
  type ScramMechanism,
} from './scram.ts'

/** The mechanism whose keys a plain password is checked against. */
const PLAIN_CHECK: ScramMechanism = 'SCRAM-SHA-256'

/** Accounts times mechanisms: everybody signs in again after the network was away. */
const CACHED_KEYS = 10_000

interface CredentialsDeps {
  db: Queryable
  hasher: ScramHasher
  /** This installation's, so that decoys cannot be told from outside. */
  decoySecret: Buffer
}

/**
 * Base64: small buffers would keep the large ones alive that they are cut from. Nor is it the row of
 * the database, which has the form of a hash table and five times the size.
 */
interface KeptKeys {
  readonly salt: string
  readonly iterations: number
  readonly storedKey: string
  readonly serverKey: string
}

/** Everything that one password leaves in the database. */
export type PreparedCredentials = Parameters<typeof replaceCredentials>[2]

export class Credentials {
  readonly #db: Queryable
  readonly #hasher: ScramHasher
  readonly #decoySecret: Buffer
  readonly #keys: LoadingCache<`${ScramMechanism} ${BareJid}`, KeptKeys | undefined>

  constructor({ db, hasher, decoySecret }: CredentialsDeps) {
    this.#db = db
    this.#hasher = hasher
    this.#decoySecret = decoySecret
    this.#keys = new LoadingCache(CACHED_KEYS, (key) => this.#load(key))
  }

  /** The slow part, to be done before a transaction is begun. `password` is prepared. */
  async prepare(domain: Domain, account: BareJid, password: string): Promise<PreparedCredentials> {
    const keys = await Promise.all(
      SCRAM_MECHANISMS.map(async (mechanism) => {
        const { salt, iterations, storedKey, serverKey } = await this.#hasher.keys(
          mechanism,
          password,
        )
        return {
          account,
          mechanism,
          salt: salt.toString('base64'),
          iterations,
          stored_key: storedKey.toString('base64'),
          server_key: serverKey.toString('base64'),
        }
      }),
    )
    const hashes = digestHashes(domain, account, password).map((hash) => ({ account, ...hash }))
    return { keys, hashes }
  }

  store(trx: Queryable, account: BareJid, prepared: PreparedCredentials): Promise<void> {
    return replaceCredentials(trx, account, prepared)
  }

  async scram(account: BareJid, mechanism: ScramMechanism): Promise<ScramKeys | undefined> {
    const kept = await this.#keys.get(`${mechanism} ${account}`)
    return (
      kept && {
        salt: Buffer.from(kept.salt, 'base64'),
        iterations: kept.iterations,
        storedKey: Buffer.from(kept.storedKey, 'base64'),
        serverKey: Buffer.from(kept.serverKey, 'base64'),
      }
    )
  }

  /** After each change of the user or his password. */
  forget(account: BareJid): void {
    for (const mechanism of SCRAM_MECHANISMS) this.#keys.delete(`${mechanism} ${account}`)
  }

  fakeScram(account: BareJid, mechanism: ScramMechanism): ScramKeys {
    return fakeKeys(this.#decoySecret, account, mechanism, this.#hasher.iterations(mechanism))
  }

  ha1(account: BareJid, algorithm: DigestAlgorithm, kind: DigestKind): Promise<string | undefined> {
    return findDigestHash(this.#db, { account, kind, algorithm })
  }

  /** Takes as long for an unknown account as for a wrong password. */
  async verify(account: BareJid, password: string): Promise<boolean> {
    const prepared = preparePassword(password)
    const keys = await this.scram(account, PLAIN_CHECK)
    const against = keys ?? this.fakeScram(account, PLAIN_CHECK)
    const matches = await this.#hasher.matches(PLAIN_CHECK, prepared ?? '', against)
    return matches && keys !== undefined && prepared !== undefined
  }

  async #load(key: string): Promise<KeptKeys | undefined> {
    const space = key.indexOf(' ')
    const row = await findCredential(this.#db, key.slice(space + 1), key.slice(0, space))
    if (!row) return undefined
    const { salt, iterations, stored_key: storedKey, server_key: serverKey } = row
    return { salt, iterations, storedKey, serverKey }
  }
}
