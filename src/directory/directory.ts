/**
 * The people: domains, users, their addresses and passwords.
 * One node for now: what is cached here is dropped by changes made here.
 */
import { randomBytes } from 'node:crypto'
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { flag } from '../storage/schema/columns.ts'
import { listAccountsWithAddressIn, listAddresses } from '../storage/stores/addresses.ts'
import { removeFastTokens } from '../storage/stores/fast-tokens.ts'
import { initSetting } from '../storage/stores/settings.ts'
import {
  countUsers,
  deleteUser,
  findUser,
  insertUser,
  listUsers,
  updateUser,
} from '../storage/stores/users.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { addAddress, claimAccount, refuseTakenAccount, removeAddress } from './addresses.ts'
import { type ContactListOptions, ContactLists } from './contact-lists.ts'
import { Credentials } from './credentials.ts'
import { Devices } from './devices.ts'
import type { DigestAlgorithm, DigestKind } from './digest.ts'
import { type Domain, type DomainSettings, requireDomainName } from './domain.ts'
import { Domains } from './domains.ts'
import { noSuchUser, userExists } from './errors.ts'
import { DirectoryEvents, type UserRemoved } from './events.ts'
import type { AddressType } from './handles.ts'
import { LastActivity } from './last-activity.ts'
import { LoadingCache } from './loading-cache.ts'
import { PartialKeys } from './partial-keys.ts'
import { requirePassword } from './passwords.ts'
import { PersonalData } from './personal-data.ts'
import { type PrimaryProtocol, primaryUri } from './primary-uri.ts'
import { type Resolution, resolveAddress } from './resolver.ts'
import {
  DEFAULT_ITERATIONS,
  ScramHasher,
  type ScramIterations,
  type ScramKeys,
  type ScramMechanism,
} from './scram.ts'
import { type Address, parseUser, requireAccount, requireName, type User } from './user.ts'

export interface DirectoryDeps {
  database: Database
  clock: Clock
  log: Log
}

export interface DirectoryOptions {
  /** PBKDF2 rounds for passwords set from now on; at least 4,096 each. */
  scramIterations?: Partial<ScramIterations>
  /** Realms of DIGEST-MD5 besides the domains (RFC 2831 §2.1.1): hashes for them are kept of passwords set from now on. */
  digestRealms?: readonly string[]
  contactLists?: Partial<ContactListOptions>
}

export interface NewUser {
  readonly account: string
  /** Without one the user exists, but cannot sign in until he gets one. */
  readonly password?: string | undefined
  readonly name?: string | undefined
}

export interface UserQuery {
  readonly domain?: string | undefined
  /** Only users that come after this account, in the order of accounts. */
  readonly after?: string | undefined
  /** At most 1,000; 100 where not given. */
  readonly limit?: number | undefined
}

/** Those of other systems that a person is reached at, too. */
const FOREIGN_TYPES = ['other-xmpp', 'msrtc'] as const satisfies readonly AddressType[]
const MAX_PAGE = 1_000
const CACHED_USERS = 10_000
const CACHED_RESOLUTIONS = 20_000
/** Longer texts are not worth a place in the cache. */
const MAX_CACHED_CHARS = 256
const MIN_ITERATIONS = 4_096

/** Loads what the directory keeps in memory. */
export async function openDirectory(
  deps: DirectoryDeps,
  options: DirectoryOptions = {},
): Promise<Directory> {
  const { database, clock } = deps
  const iterations = { ...DEFAULT_ITERATIONS, ...options.scramIterations }
  if (Object.values(iterations).some((count) => count < MIN_ITERATIONS)) {
    throw new RangeError(`SCRAM needs at least ${MIN_ITERATIONS} iterations`)
  }
  const secret = await initSetting(database.kysely, 'directory.decoySecret', {
    value: randomBytes(32).toString('base64'),
    now: clock.now(),
  })
  const credentials = new Credentials({
    db: database.kysely,
    hasher: new ScramHasher(iterations),
    decoySecret: Buffer.from(String(secret), 'base64'),
    digestRealms: options.digestRealms ?? [],
    log: deps.log,
  })
  const changed = (account: BareJid) => credentials.forget(account)
  const partialKeys = await PartialKeys.load({ database, clock, iterations, changed })
  credentials.complement(partialKeys)
  return new Directory(deps, {
    credentials,
    partialKeys,
    devices: new Devices(deps),
    domains: await Domains.load(deps),
    contacts: new ContactLists(deps, options.contactLists),
  })
}

interface DirectoryParts {
  credentials: Credentials
  partialKeys: PartialKeys
  devices: Devices
  domains: Domains
  contacts: ContactLists
}

export class Directory {
  readonly contacts: ContactLists
  /** Of accounts that came from another server. */
  readonly partialKeys: PartialKeys
  readonly devices: Devices
  /** What users keep here: vCards, private XML. */
  readonly personal: PersonalData
  /** Disposing of it writes what is not on the disk yet. */
  readonly lastActivity: LastActivity
  readonly #database: Database
  readonly #clock: Clock
  readonly #domains: Domains
  readonly #credentials: Credentials
  readonly #users: LoadingCache<BareJid, User | undefined>
  readonly #resolutions: LoadingCache<string, Resolution>
  readonly #events: DirectoryEvents

  /** See `openDirectory`. */
  constructor({ database, clock, log }: DirectoryDeps, parts: DirectoryParts) {
    this.contacts = parts.contacts
    this.personal = new PersonalData({
      ...{ database, log },
      userChanged: (account) => this.#users.delete(account),
    })
    this.lastActivity = new LastActivity({ database, clock, log })
    this.partialKeys = parts.partialKeys
    this.devices = parts.devices
    this.#database = database
    this.#clock = clock
    this.#domains = parts.domains
    this.#credentials = parts.credentials
    this.#users = new LoadingCache(CACHED_USERS, (account) => this.#loadUser(account))
    this.#resolutions = new LoadingCache(CACHED_RESOLUTIONS, (text) => this.#resolve(text))
    this.#events = new DirectoryEvents(log)
  }

  // Events. Each listener is called after the change is committed.

  onUserAdded(listener: (account: BareJid) => void): Disposable {
    return this.#events.userAdded.listen(listener)
  }

  onUserRemoved(listener: (event: UserRemoved) => void): Disposable {
    return this.#events.userRemoved.listen(listener)
  }

  onUserDisabled(listener: (account: BareJid) => void): Disposable {
    return this.#events.userDisabled.listen(listener)
  }

  onPasswordChanged(listener: (account: BareJid) => void): Disposable {
    return this.#events.passwordChanged.listen(listener)
  }

  /** He got or lost an address, or is gone with all of them. */
  onAddressesChanged(listener: (account: BareJid) => void): Disposable {
    return this.#events.addressesChanged.listen(listener)
  }

  /** It has other settings. */
  onDomainChanged(listener: (name: string) => void): Disposable {
    return this.#events.domainChanged.listen(listener)
  }

  onDomainRemoved(listener: (name: string) => void): Disposable {
    return this.#events.domainRemoved.listen(listener)
  }

  // Domains.

  /** `domain` is prepared, as in a parsed JID. */
  isLocal(domain: string): boolean {
    return this.#domains.get(domain) !== undefined
  }

  domain(name: string): Domain | undefined {
    return this.#domains.get(name)
  }

  /** In order of name. */
  domains(): readonly Domain[] {
    return this.#domains.all()
  }

  /** Throws `DirectoryError` `BAD_DOMAIN`, `DOMAIN_EXISTS`. */
  async addDomain(name: string, settings: Partial<DomainSettings> = {}): Promise<Domain> {
    const domain = await this.#domains.add(requireDomainName(name), settings)
    this.#resolutions.clear()
    return domain
  }

  /**
   * What is turned on holds for passwords set from then on; what is turned off is forgotten.
   * Throws `DirectoryError` `NO_SUCH_DOMAIN`.
   */
  async updateDomain(name: string, settings: Partial<DomainSettings>): Promise<Domain> {
    const domain = await this.#domains.update(name, settings)
    this.#events.domainChanged.emit(name)
    return domain
  }

  /** Throws `DirectoryError` `NO_SUCH_DOMAIN`, `DOMAIN_NOT_EMPTY`. */
  async removeDomain(name: string): Promise<void> {
    await this.#domains.remove(name)
    this.#resolutions.clear()
    this.#events.domainRemoved.emit(name)
  }

  // Users.

  user(account: BareJid): Promise<User | undefined> {
    return this.#users.get(account)
  }

  /** Answers at once where the user was looked up before. */
  exists(account: BareJid): boolean | Promise<boolean> {
    const known = this.#users.peek(account)
    if (known) return known.value !== undefined
    return this.#users.get(account).then((user) => user !== undefined)
  }

  async users({ domain, after, limit = 100 }: UserQuery = {}): Promise<User[]> {
    const page = { domain, after, limit: Math.max(1, Math.min(MAX_PAGE, Math.trunc(limit))) }
    const rows = await listUsers(this.#database.kysely, page)
    const users = await Promise.all(rows.map((row) => this.user(row.account as BareJid)))
    return users.filter((user) => user !== undefined)
  }

  countUsers(): Promise<number> {
    return countUsers(this.#database.kysely)
  }

  /** What a user could be given. Throws `DirectoryError` `BAD_NAME`, `BAD_PASSWORD`. */
  checkChanges({ password, name }: Omit<NewUser, 'account'>): void {
    if (name !== undefined) requireName(name)
    if (password !== undefined) requirePassword(password)
  }

  /** Throws what `addUser` would, changes nothing, and answers the account. */
  async checkNewUser({ account, ...rest }: NewUser): Promise<BareJid> {
    const jid = requireAccount(account)
    this.checkChanges(rest)
    this.#domains.ofAccount(jid)
    if (await this.exists(jid)) throw userExists(jid)
    await refuseTakenAccount(this.#database.kysely, jid)
    return jid
  }

  /**
   * Throws `DirectoryError` `BAD_ACCOUNT`, `BAD_NAME`, `BAD_PASSWORD`, `NO_SUCH_DOMAIN`, `USER_EXISTS`,
   * `ADDRESS_TAKEN` where the account is another user's address, `BUSY`.
   */
  async addUser({ account, password, name = '' }: NewUser): Promise<User> {
    const jid = requireAccount(account)
    const domain = this.#domains.ofAccount(jid)
    const user = {
      account: jid,
      domain: domain.name,
      name: requireName(name),
      disabled: flag(false),
      created_at: this.#clock.now(),
      avatar: null,
    }
    const prepared = password === undefined ? undefined : requirePassword(password)
    // Hashing is slow on purpose: a name that is taken is refused before it.
    if (await findUser(this.#database.kysely, jid)) throw userExists(jid)
    const keys = prepared && (await this.#credentials.prepare(domain, jid, prepared))
    await this.#changing(jid, () =>
      this.#database.transaction(async (trx) => {
        if (!(await insertUser(trx, user))) throw userExists(jid)
        await claimAccount(trx, jid)
        if (keys) await this.#credentials.store(trx, jid, keys)
      }),
    )
    this.#events.userAdded.emit(jid)
    return parseUser(user, [])
  }

  /** Throws `DirectoryError` `NO_SUCH_USER`, `BAD_NAME`. */
  async updateUser(
    account: BareJid,
    changes: { name?: string | undefined; disabled?: boolean | undefined },
  ): Promise<void> {
    const { name, disabled } = changes
    if (name === undefined && disabled === undefined) return
    const row = {
      ...(name !== undefined && { name: requireName(name) }),
      ...(disabled !== undefined && { disabled: flag(disabled) }),
    }
    await this.#changing(account, () =>
      this.#database.transaction(async (trx) => {
        if (!(await updateUser(trx, account, row))) throw noSuchUser(account)
        // His clients are to sign in anew when he may again.
        if (disabled) await removeFastTokens(trx, account)
      }),
    )
    if (disabled) this.#events.userDisabled.emit(account)
  }

  /** With his contacts, messages and addresses; he disappears from the lists of others. Throws `NO_SUCH_USER`. */
  async removeUser(account: BareJid): Promise<UserRemoved> {
    const affected = await this.#changing(account, () =>
      this.#database.transaction(async (trx) => {
        const affected = await this.contacts.forgetContact(trx, account)
        if (!(await deleteUser(trx, account))) throw noSuchUser(account)
        return affected
      }),
    )
    this.partialKeys.completed(account)
    this.contacts.invalidate(account, ...affected.map((list) => list.account))
    const event = { account, affected }
    this.#events.userRemoved.emit(event)
    this.#events.addressesChanged.emit(account)
    return event
  }

  /** SHA-1 of the picture in his vCard; at once where the user was looked up before. */
  avatar(account: BareJid): string | undefined | Promise<string | undefined> {
    const known = this.#users.peek(account)
    if (known) return known.value?.avatar
    return this.#users.get(account).then((user) => user?.avatar)
  }

  // Addresses.

  /** Throws `DirectoryError` `NO_SUCH_USER`, `BAD_ADDRESS`, `ADDRESS_TAKEN`, `ADDRESS_EXISTS`, `TOO_MANY_ADDRESSES`. */
  async addAddress(account: BareJid, address: Address): Promise<void> {
    await this.#changing(account, () =>
      this.#database.transaction((trx) => addAddress(trx, account, address)),
    )
    this.#events.addressesChanged.emit(account)
  }

  /** Throws `DirectoryError` `NO_SUCH_ADDRESS`, `BAD_ADDRESS`. */
  async removeAddress(account: BareJid, address: Address): Promise<void> {
    await this.#changing(account, () =>
      this.#database.transaction((trx) => removeAddress(trx, account, address)),
    )
    this.#events.addressesChanged.emit(account)
  }

  /** Accounts with an `other-xmpp` or `msrtc` address in this domain, which is prepared, in order. */
  async accountsWithAddressIn(domain: string): Promise<BareJid[]> {
    const { kysely } = this.#database
    return (await listAccountsWithAddressIn(kysely, domain, FOREIGN_TYPES)) as BareJid[]
  }

  /** Whose address this is: a URI (sip, sips, tel, xmpp, pres, im, mailto), an address or a number. */
  resolve(address: string): Promise<Resolution> {
    if (address.length > MAX_CACHED_CHARS) return this.#resolve(address)
    return this.#resolutions.get(address)
  }

  /** The URI to give to others; `undefined` where the user does not exist or has no number. */
  async primaryUri(account: BareJid, protocol: PrimaryProtocol): Promise<string | undefined> {
    const user = await this.user(account)
    return user && primaryUri(user, protocol)
  }

  // Passwords.

  /** Ends what was signed in with the old one by `onPasswordChanged`. Throws `NO_SUCH_USER`, `BAD_PASSWORD`, `BUSY`. */
  async setPassword(account: BareJid, password: string): Promise<void> {
    const prepared = requirePassword(password)
    if (!(await findUser(this.#database.kysely, account))) throw noSuchUser(account)
    const domain = this.#domains.ofAccount(account)
    const keys = await this.#credentials.prepare(domain, account, prepared)
    await this.#changing(account, () =>
      this.#database.transaction(async (trx) => {
        if (!(await findUser(trx, account))) throw noSuchUser(account)
        await this.#credentials.store(trx, account, keys)
      }),
    )
    this.partialKeys.completed(account)
    this.#events.passwordChanged.emit(account)
  }

  /** What another server kept of his password, instead of his; ends what was signed in with that. Throws `NO_SUCH_USER`. */
  async adoptKeys(account: BareJid, keys: ReadonlyMap<ScramMechanism, ScramKeys>): Promise<void> {
    if (!(await findUser(this.#database.kysely, account))) throw noSuchUser(account)
    await this.partialKeys.adopt(account, keys)
    this.#events.passwordChanged.emit(account)
  }

  // A user who is disabled has no password, as far as these three know.

  /** `undefined` for an unknown account, one without password and a disabled one. */
  scram(account: BareJid, mechanism: ScramMechanism): Promise<ScramKeys | undefined> {
    return this.#credentials.scram(account, mechanism)
  }

  /** Keys that fit no password, the same at every call, for an account that has none. */
  fakeScram(account: BareJid, mechanism: ScramMechanism): ScramKeys {
    return this.#credentials.fakeScram(account, mechanism)
  }

  /** H(user:domain:password) in hex; `undefined`, besides, where the domain did not keep it when the password was set. */
  ha1(
    account: BareJid,
    algorithm: DigestAlgorithm,
    kind: DigestKind,
    realm?: string,
  ): Promise<string | undefined> {
    return this.#credentials.ha1({ account, algorithm, kind, realm })
  }

  /** False for an unknown account, too, and no sooner. Throws `DirectoryError` `BUSY`. */
  verifyPassword(account: BareJid, password: string): Promise<boolean> {
    return this.#credentials.verify(account, password)
  }

  async #loadUser(account: BareJid): Promise<User | undefined> {
    const row = await findUser(this.#database.kysely, account)
    return row && parseUser(row, await listAddresses(this.#database.kysely, account))
  }

  #resolve(text: string): Promise<Resolution> {
    const isLocal = (domain: string) => this.isLocal(domain)
    return resolveAddress({ db: this.#database.kysely, isLocal }, text)
  }

  /** Forgets what the change may have made untrue, whether it worked or not. */
  async #changing<T>(account: BareJid, change: () => Promise<T>): Promise<T> {
    try {
      return await change()
    } finally {
      this.#users.delete(account)
      this.#credentials.forget(account)
      this.#resolutions.clear()
    }
  }
}
