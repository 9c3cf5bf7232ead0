/**
 * Accounts that have keys for some SCRAM mechanisms only: they came from another server, which kept no others. All of them are
 * known in memory: there are none on most systems, and each stream that says whose it is asks (XEP-0388 §2.1).
 */
import type { BareJid } from '../core/address.ts'
import type { Database, Queryable } from '../storage/database.ts'
import {
  insertCredential,
  listPartialCredentials,
  replaceCredentials,
} from '../storage/stores/credentials.ts'
import { getSetting, putSetting } from '../storage/stores/settings.ts'
import type { Clock } from '../util/clock.ts'
import {
  HASHES,
  keysOf,
  SCRAM_MECHANISMS,
  type ScramIterations,
  type ScramKeys,
  type ScramMechanism,
  serializeKeys,
} from './scram.ts'

/** RFC 5802 §3: what a client makes of the password that it knows. */
export interface SaltedPassword {
  readonly salt: Buffer
  readonly iterations: number
  readonly saltedPassword: Buffer
}

const NONE: readonly ScramMechanism[] = []
/** Set since there were some: to look for them takes seconds where users are many. */
const THERE_WERE = 'directory.partialKeys'

interface PartialKeysDeps {
  readonly database: Database
  readonly clock: Clock
  readonly iterations: ScramIterations
  /** The keys of the account have changed. */
  changed(account: BareJid): void
}

export class PartialKeys {
  readonly #deps: PartialKeysDeps
  readonly #lacking: Map<BareJid, readonly ScramMechanism[]>

  private constructor(deps: PartialKeysDeps, lacking: Map<BareJid, readonly ScramMechanism[]>) {
    this.#deps = deps
    this.#lacking = lacking
  }

  static async load(deps: PartialKeysDeps): Promise<PartialKeys> {
    const { kysely } = deps.database
    const wereThere = (await getSetting(kysely, THERE_WERE)) === true
    return new PartialKeys(deps, wereThere ? await loadLacking(kysely) : new Map())
  }

  /** Mechanisms that the account has no keys for, and that it could have. */
  lacking(account: BareJid): readonly ScramMechanism[] {
    return this.#lacking.get(account) ?? NONE
  }

  /** For keys that are made now. */
  scramIterations(mechanism: ScramMechanism): number {
    return this.#deps.iterations[mechanism]
  }

  /** Adds those of one mechanism, where it lacks them (XEP-0480). The password is the one that it had. */
  addScram(
    account: BareJid,
    mechanism: ScramMechanism,
    { salt, iterations, saltedPassword }: SaltedPassword,
  ): Promise<void> {
    return this.add(account, mechanism, {
      salt,
      iterations,
      ...keysOf(HASHES[mechanism].name, saltedPassword),
    })
  }

  async add(account: BareJid, mechanism: ScramMechanism, keys: ScramKeys): Promise<void> {
    const { database } = this.#deps
    await insertCredential(database.kysely, serializeKeys(account, mechanism, keys))
    this.#set(
      account,
      this.lacking(account).filter((one) => one !== mechanism),
    )
  }

  /** What another server kept of a password, with nothing else; all that was kept of one before is gone. */
  async adopt(account: BareJid, adopted: ReadonlyMap<ScramMechanism, ScramKeys>): Promise<void> {
    const { database, clock } = this.#deps
    const keys = [...adopted].map(([mechanism, each]) => serializeKeys(account, mechanism, each))
    await database.transaction(async (trx) => {
      await replaceCredentials(trx, account, { keys, hashes: [] })
      await putSetting(trx, THERE_WERE, { value: true, now: clock.now() })
    })
    this.#set(account, adopted.size === 0 ? NONE : without([...adopted.keys()]))
  }

  /** It has keys for all mechanisms, or for none. */
  completed(account: BareJid): void {
    this.#lacking.delete(account)
  }

  #set(account: BareJid, lacking: readonly ScramMechanism[]): void {
    if (lacking.length > 0) this.#lacking.set(account, lacking)
    else this.#lacking.delete(account)
    this.#deps.changed(account)
  }
}

async function loadLacking(db: Queryable): Promise<Map<BareJid, readonly ScramMechanism[]>> {
  const known = new Map<BareJid, string[]>()
  for (const { account, mechanism } of await listPartialCredentials(db, SCRAM_MECHANISMS.length)) {
    const mechanisms = known.get(account as BareJid)
    if (mechanisms) mechanisms.push(mechanism)
    else known.set(account as BareJid, [mechanism])
  }
  return new Map([...known].map(([account, mechanisms]) => [account, without(mechanisms)]))
}

/** One list for all accounts that lack the same. */
const LISTS = new Map<string, readonly ScramMechanism[]>()

function without(mechanisms: readonly string[]): readonly ScramMechanism[] {
  const lacking = SCRAM_MECHANISMS.filter((mechanism) => !mechanisms.includes(mechanism))
  const key = lacking.join()
  const known = LISTS.get(key) ?? lacking
  LISTS.set(key, known)
  return known
}
