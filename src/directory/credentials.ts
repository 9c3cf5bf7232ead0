/** What is kept of passwords, and checks against it. */
import { type BareJid, domainOf } from '../core/address.ts'
import type { Queryable } from '../storage/database.ts'
import {
  findCredential,
  findDigestHash,
  replaceCredentials,
} from '../storage/stores/credentials.ts'
import type { Log } from '../util/log.ts'
import { type DigestAlgorithm, type DigestKind, digestHashes, kindWithRealm } from './digest.ts'
import type { Domain } from './domain.ts'
import { LoadingCache } from './loading-cache.ts'
import type { PartialKeys } from './partial-keys.ts'
import { preparePassword } from './passwords.ts'
import {
  fakeKeys,
  SCRAM_MECHANISMS,
  type ScramHasher,
  type ScramKeys,
  type ScramMechanism,
  serializeKeys,
} from './scram.ts'

/** The mechanism whose keys a plain password is checked against. */
const PLAIN_CHECK: ScramMechanism = 'SCRAM-SHA-256'
const PLAIN_CHECKS: readonly ScramMechanism[] = [PLAIN_CHECK, 'SCRAM-SHA-512', 'SCRAM-SHA-1']

/** Accounts times mechanisms: everybody signs in again after the network was away. */
const CACHED_KEYS = 10_000

interface CredentialsDeps {
  db: Queryable
  hasher: ScramHasher
  /** This installation's, so that decoys cannot be told from outside. */
  decoySecret: Buffer
  /** Realms of DIGEST-MD5 besides the domains. */
  digestRealms: readonly string[]
  log: Log
}

interface WantedDigest {
  account: BareJid
  algorithm: DigestAlgorithm
  kind: DigestKind
  realm: string | undefined
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
  readonly #digestRealms: readonly string[]
  readonly #log: Log
  #partial: PartialKeys | undefined
  readonly #keys: LoadingCache<`${ScramMechanism} ${BareJid}`, KeptKeys | undefined>

  constructor({ db, hasher, decoySecret, digestRealms, log }: CredentialsDeps) {
    this.#db = db
    this.#hasher = hasher
    this.#decoySecret = decoySecret
    this.#digestRealms = digestRealms
    this.#log = log
    this.#keys = new LoadingCache(CACHED_KEYS, (key) => this.#load(key))
  }

  /** Told once, before anybody signs in. */
  complement(partial: PartialKeys): void {
    this.#partial = partial
  }

  /** The slow part, to be done before a transaction is begun. `password` is prepared. */
  async prepare(domain: Domain, account: BareJid, password: string): Promise<PreparedCredentials> {
    const keys = await Promise.all(
      SCRAM_MECHANISMS.map(async (mechanism) =>
        serializeKeys(account, mechanism, await this.#hasher.keys(mechanism, password)),
      ),
    )
    const hashes = digestHashes(domain, account, password, this.#digestRealms)
    return { keys, hashes: hashes.map((hash) => ({ account, ...hash })) }
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

  ha1({ account, algorithm, kind, realm }: WantedDigest): Promise<string | undefined> {
    const own = realm === undefined || realm === domainOf(account)
    return findDigestHash(this.#db, {
      account,
      kind: own ? kind : kindWithRealm(kind, realm),
      algorithm,
    })
  }

  /** Takes as long for an unknown account as for a wrong password. */
  async verify(account: BareJid, password: string): Promise<boolean> {
    const prepared = preparePassword(password)
    const lacking = this.#partial?.lacking(account) ?? []
    const check = PLAIN_CHECKS.find((mechanism) => !lacking.includes(mechanism)) ?? PLAIN_CHECK
    const keys = await this.scram(account, check)
    const against = keys ?? this.fakeScram(account, check)
    const matches = await this.#hasher.matches(check, prepared ?? '', against)
    if (!matches || keys === undefined || prepared === undefined) return false
    for (const mechanism of lacking) void this.#complete(account, mechanism, prepared)
    return true
  }

  /** Who came from another server has signed in with his password: the keys that he lacks can be made. */
  async #complete(account: BareJid, mechanism: ScramMechanism, password: string): Promise<void> {
    try {
      await this.#partial?.add(account, mechanism, await this.#hasher.keys(mechanism, password))
    } catch (err) {
      this.#log.error({ what: 'scram_keys_not_completed', account, mechanism, err })
    }
  }

  async #load(key: string): Promise<KeptKeys | undefined> {
    const space = key.indexOf(' ')
    const row = await findCredential(this.#db, key.slice(space + 1), key.slice(0, space))
    if (!row) return undefined
    const { salt, iterations, stored_key: storedKey, server_key: serverKey } = row
    return { salt, iterations, storedKey, serverKey }
  }
}
