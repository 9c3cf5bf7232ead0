/**
 * Who may see what of whom: access levels, rules, and the decision about each watcher.
 * Precedence, and why: docs/adr/0012-access-control.md. All rules are in memory; a change is stored
 * first, then holds for every decision, then is told to the listeners.
 */
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { type BareJid, domainOf } from '../../address.ts'
import type { SourceClass } from '../observation.ts'
import { type Access, EVERYTHING, NOTHING, Visibility, type Watcher } from './access.ts'
import { AccessError } from './access-error.ts'
import { type AccessLevel, ALL_LEVEL, requireLevel } from './access-level.ts'
import { matches, type NewRule, type Rule, type RuleFilter, requireRule, ruleKey } from './rule.ts'
import { type Fallback, type Ground, type Question, RuleIndex, type Verdict } from './rule-index.ts'

export interface StoredAccess {
  /** `All` is not among them. */
  readonly levels: readonly AccessLevel[]
  readonly rules: readonly Rule[]
}

export interface AccessStore {
  load(): Promise<StoredAccess>
  putLevel(level: AccessLevel): Promise<void>
  removeLevel(name: string): Promise<void>
  /** In one transaction; rules are known by presentity, watcher, level and `enforced`. */
  changeRules(change: { remove: readonly Rule[]; put: readonly Rule[] }): Promise<void>
  /** `undefined` where nobody has switched it. */
  crossDomain(): Promise<boolean | undefined>
  setCrossDomain(on: boolean): Promise<void>
}

/** What contact lists say: who was granted a subscription (RFC 6121 §3.1.5). */
export interface Grants {
  isGranted(presentity: BareJid, watcher: string): boolean | Promise<boolean>
}

export interface People {
  isLocal(domain: string): boolean
  /** Accounts with an address of another system in this domain. */
  accountsWithAddressIn(domain: string): Promise<readonly BareJid[]>
}

export interface AccessControlDeps {
  readonly store: AccessStore
  readonly grants: Grants
  readonly people: People
  readonly clock: Clock
  readonly log: Log
  /** Every class that a source may have. */
  readonly classes: readonly SourceClass[]
  /** Where no rule speaks about a user of this system; strangers need a confirmation. */
  readonly sameSystem: Fallback
  /** Until somebody switches it. */
  readonly crossDomain: boolean
}

/** `undefined`: anybody. */
export interface AccessChange {
  readonly presentity: BareJid | undefined
  readonly watcher: string | undefined
}

/** Why a watcher sees, or does not see, the sources of a class. */
export interface AccessReason {
  readonly class: SourceClass
  readonly action: Fallback
  readonly ground: Ground | 'self' | 'cross-domain'
}

/** Of one presentity: a list longer than that is no list that a person keeps. */
const MAX_RULES_OF_ONE = 5_000

const FULL: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
const BLOCKED: Access = { decision: 'block', visible: NOTHING, asks: false }
const PENDING: Access = { decision: 'confirm', visible: NOTHING, asks: true }
const BY_FALLBACK: Readonly<Record<Fallback, Access>> = {
  allow: FULL,
  confirm: PENDING,
  block: BLOCKED,
}
const NO_DOMAINS: readonly string[] = []

export class AccessControl {
  readonly #deps: AccessControlDeps
  readonly #levels = new Map<string, AccessLevel>()
  readonly #rules = new Map<string, Rule>()
  #index: RuleIndex
  #crossDomain: boolean
  /** By domain that a rule names: who has an address there without having his account there. */
  readonly #members = new Map<string, ReadonlySet<BareJid>>()
  /** One object for each outcome. */
  readonly #outcomes = new Map<string, Access>()
  readonly #listeners = new Set<(change: AccessChange) => void>()
  #writing: Promise<unknown> = Promise.resolve()

  static async open(deps: AccessControlDeps): Promise<AccessControl> {
    const { store } = deps
    const crossDomain = (await store.crossDomain()) ?? deps.crossDomain
    const control = new AccessControl({ ...deps, crossDomain }, await store.load())
    await control.#loadMembers()
    return control
  }

  /** `open` is the way to one that knows what is stored. */
  constructor(deps: AccessControlDeps, { levels, rules }: StoredAccess) {
    this.#deps = deps
    this.#crossDomain = deps.crossDomain
    this.#index = new RuleIndex(deps.classes)
    for (const level of [ALL_LEVEL, ...levels]) this.#levels.set(level.name, level)
    for (const rule of rules) this.#remember(rule)
  }

  /** Called synchronously, after the change is stored and holds. */
  onChange(listener: (change: AccessChange) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  // ——— levels

  /** All first. */
  levels(): readonly AccessLevel[] {
    return [...this.#levels.values()]
  }

  /** Throws `AccessError` `NO_SUCH_ACCESS_LEVEL`. */
  level(name: string): AccessLevel {
    const level = this.#levels.get(name)
    if (level) return level
    const names = [...this.#levels.keys()].join(', ')
    throw new AccessError('NO_SUCH_ACCESS_LEVEL', `no access level “${name}”; there are ${names}`)
  }

  /** Throws `AccessError` `ACCESS_LEVEL_PREDEFINED`, `BAD_ACCESS_LEVEL`. */
  putLevel(wanted: AccessLevel): Promise<void> {
    return this.#write(async () => {
      refusePredefined(wanted.name)
      const level = requireLevel(wanted, this.#deps.classes)
      await this.#deps.store.putLevel(level)
      this.#levels.set(level.name, level)
      this.#reindex()
      this.#tell({ presentity: undefined, watcher: undefined })
    })
  }

  /** Throws `AccessError` `ACCESS_LEVEL_PREDEFINED`, `NO_SUCH_ACCESS_LEVEL`, `ACCESS_LEVEL_IN_USE`. */
  removeLevel(name: string): Promise<void> {
    return this.#write(async () => {
      refusePredefined(name)
      this.level(name)
      const users = this.rules({ level: name })
      if (users.length > 0) {
        const text = `${users.length} rules use the access level “${name}”; change or delete them first`
        throw new AccessError('ACCESS_LEVEL_IN_USE', text)
      }
      await this.#deps.store.removeLevel(name)
      this.#levels.delete(name)
    })
  }

  // ——— rules

  rules(filter: RuleFilter = {}): readonly Rule[] {
    const { presentity } = filter
    const candidates =
      presentity === undefined ? this.#rules.values() : this.#index.rulesOf(presentity)
    return [...candidates].filter((rule) => matches(rule, filter))
  }

  /** Throws `AccessError` `BAD_RULE`, `NO_SUCH_ACCESS_LEVEL`, `TOO_MANY_RULES`. */
  async put(rule: NewRule): Promise<'created' | 'changed' | 'same'> {
    const [outcome] = await this.putAll([rule])
    return outcome ?? 'same'
  }

  /** All or none. Throws as `put` does. */
  putAll(rules: readonly NewRule[]): Promise<('created' | 'changed' | 'same')[]> {
    return this.replace({ remove: [], put: rules })
  }

  /** Answers how many there were. */
  async removeAll(filter: RuleFilter): Promise<number> {
    return this.#write(async () => {
      const removed = this.rules(filter)
      await this.#commit(removed, [])
      return removed.length
    })
  }

  /** Removes what matches and puts the rest, in one step for every watcher. Throws as `put` does. */
  replace({
    remove,
    put,
  }: {
    remove: readonly RuleFilter[]
    put: readonly NewRule[]
  }): Promise<('created' | 'changed' | 'same')[]> {
    return this.#write(async () => {
      const updatedAt = this.#deps.clock.now()
      const wanted = put.map((rule) => ({ ...this.#require(rule), updatedAt }))
      this.#requireRoom(wanted)
      const kept = new Set(wanted.map(ruleKey))
      const removed = remove
        .flatMap((filter) => this.rules(filter))
        .filter((rule) => !kept.has(ruleKey(rule)))
      const outcomes = wanted.map((rule) => outcomeOf(this.#rules.get(ruleKey(rule)), rule))
      await this.#commit(
        removed,
        wanted.filter((_, at) => outcomes[at] !== 'same'),
      )
      return outcomes
    })
  }

  /** What a removed user or domain leaves behind is gone from the database already. */
  forget(pattern: string): void {
    for (const rule of [...this.#rules.values()]) {
      if (rule.presentity === pattern || rule.watcher === pattern) this.#forget(rule)
    }
  }

  // ——— domains

  /** Whether users of different domains of this system see and reach each other. */
  get crossDomain(): boolean {
    return this.#crossDomain
  }

  setCrossDomain(on: boolean): Promise<void> {
    return this.#write(async () => {
      await this.#deps.store.setCrossDomain(on)
      if (this.#crossDomain === on) return
      this.#crossDomain = on
      this.#tell({ presentity: undefined, watcher: undefined })
    })
  }

  /** Somebody's addresses changed, and with them whom a domain's rules are about. */
  addressesChanged(account: BareJid): Promise<void> {
    return this.#write(async () => {
      if (this.#members.size === 0) return
      await this.#loadMembers()
      this.#tell({ presentity: account, watcher: undefined })
    })
  }

  // ——— decisions

  decide(presentity: BareJid, watcher: Watcher, granted: boolean): Access {
    if (watcher.account === presentity) return FULL
    if (this.#isWalledOff(presentity, watcher.account)) return BLOCKED
    const fallback = this.#fallback(watcher)
    if (!this.#index.concerns(presentity)) return granted ? FULL : BY_FALLBACK[fallback]
    const question = this.#question(presentity, watcher, granted)
    return this.#outcome(this.#index.decide(question))
  }

  /** What the watcher would see if nothing was said about him in particular. */
  defaultFor(presentity: BareJid, watcher: Watcher): Access {
    const { address } = watcher
    // Anybody at his domain: no account is named so.
    return this.decide(
      presentity,
      { ...watcher, address: address.slice(address.indexOf('@')) },
      false,
    )
  }

  /** Looks up what the presentity's contact list says, where that makes a difference. */
  of(presentity: BareJid, watcher: Watcher): Access | Promise<Access> {
    const without = this.decide(presentity, watcher, false)
    const granted = this.decide(presentity, watcher, true)
    if (without === granted) return without
    const answer = this.#deps.grants.isGranted(presentity, watcher.address)
    if (answer === true) return granted
    if (answer === false) return without
    // Rules may have changed while the list was loaded.
    return answer.then((isGranted) => this.decide(presentity, watcher, isGranted))
  }

  /** The decision with what decided about each class. */
  async explain(
    presentity: BareJid,
    watcher: Watcher,
  ): Promise<{ access: Access; reasons: readonly AccessReason[] }> {
    const granted = await this.#deps.grants.isGranted(presentity, watcher.address)
    const access = this.decide(presentity, watcher, granted)
    const { classes } = this.#deps
    if (watcher.account === presentity) {
      return { access, reasons: classes.map((name) => reason(name, 'allow', 'self')) }
    }
    if (this.#isWalledOff(presentity, watcher.account)) {
      return { access, reasons: classes.map((name) => reason(name, 'block', 'cross-domain')) }
    }
    const reasons: AccessReason[] = []
    this.#index.decide(this.#question(presentity, watcher, granted), (mask, action, ground) => {
      for (const name of this.#index.classesOf(mask)) reasons.push(reason(name, action, ground))
    })
    reasons.sort((a, b) => classes.indexOf(a.class) - classes.indexOf(b.class))
    return { access, reasons }
  }

  /** Whether a message of `sender` is let through to `presentity` (XEP-0191 §3.5 and the domain switch). */
  mayExchangeMessages(presentity: BareJid, sender: BareJid): boolean {
    const account = this.#deps.people.isLocal(domainOf(sender)) ? sender : undefined
    if (this.#isWalledOff(presentity, account)) return false
    return !this.isRefused(presentity, sender)
  }

  /** Whether the presentity has blocked all communication with this address. */
  isRefused(presentity: BareJid, address: BareJid): boolean {
    return (
      this.#index.concerns(presentity) &&
      (this.#index.refuses(presentity, address) ||
        this.#index.refuses(presentity, `@${domainOf(address)}`))
    )
  }

  /** The contact list lets the watcher see the presentity from now on, or no longer. */
  grantChanged(presentity: BareJid, watcher: string): void {
    this.#tell({ presentity, watcher })
  }

  #question(presentity: BareJid, watcher: Watcher, granted: boolean): Question {
    const domains = this.#members.size === 0 ? NO_DOMAINS : this.#domainsOf(presentity)
    return { presentity, watcher, granted, fallback: this.#fallback(watcher), domains }
  }

  #fallback({ account }: Watcher): Fallback {
    return account === undefined ? 'confirm' : this.#deps.sameSystem
  }

  #isWalledOff(presentity: BareJid, account: BareJid | undefined): boolean {
    return !this.#crossDomain && account !== undefined && domainOf(account) !== domainOf(presentity)
  }

  #domainsOf(presentity: BareJid): readonly string[] {
    const domains: string[] = []
    for (const [domain, members] of this.#members) if (members.has(presentity)) domains.push(domain)
    return domains
  }

  #outcome({ allow, confirm }: Verdict): Access {
    const { everything } = this.#index
    if (allow === everything) return FULL
    if (allow === 0) return confirm === 0 ? BLOCKED : PENDING
    const key = `${allow} ${confirm !== 0}`
    const known = this.#outcomes.get(key)
    if (known) return known
    const twin = this.#outcomes.get(`${allow} ${confirm === 0}`)
    const classes = this.#index.classesOf(allow)
    const visible = twin?.visible ?? new Visibility(classes.join(','), classes, false)
    const made: Access = { decision: 'allow', visible, asks: confirm !== 0 }
    this.#outcomes.set(key, made)
    return made
  }

  // ——— changes

  #require(rule: NewRule): NewRule {
    this.level(rule.level)
    return requireRule(rule, (domain) => this.#deps.people.isLocal(domain))
  }

  #requireRoom(rules: readonly Rule[]): void {
    for (const { presentity } of rules) {
      if ([...this.#index.rulesOf(presentity)].length + rules.length > MAX_RULES_OF_ONE) {
        throw new AccessError('TOO_MANY_RULES', `${presentity} has ${MAX_RULES_OF_ONE} rules`)
      }
    }
  }

  async #commit(removed: readonly Rule[], put: readonly Rule[]): Promise<void> {
    if (removed.length + put.length === 0) return
    await this.#deps.store.changeRules({ remove: removed, put })
    for (const rule of removed) this.#forget(rule)
    for (const rule of put) this.#remember(rule)
    if ([...removed, ...put].some(({ presentity }) => presentity.startsWith('@'))) {
      await this.#loadMembers()
    }
    const changes = new Map<string, AccessChange>()
    for (const rule of [...removed, ...put]) {
      const change = concerned(rule)
      changes.set(`${change.presentity}\n${change.watcher}`, change)
    }
    for (const change of changes.values()) this.#tell(change)
  }

  #remember(rule: Rule): void {
    const level = this.#levels.get(rule.level)
    if (!level) return
    this.#rules.set(ruleKey(rule), rule)
    this.#index.set(rule, level)
  }

  #forget(rule: Rule): void {
    this.#rules.delete(ruleKey(rule))
    this.#index.delete(rule)
  }

  #reindex(): void {
    this.#index = new RuleIndex(this.#deps.classes)
    for (const rule of this.#rules.values()) this.#index.set(rule, this.level(rule.level))
  }

  async #loadMembers(): Promise<void> {
    const domains = new Set(
      [...this.#rules.values()].flatMap(({ presentity }) =>
        presentity.startsWith('@') ? [presentity.slice(1)] : [],
      ),
    )
    for (const domain of this.#members.keys()) {
      if (!domains.has(domain)) this.#members.delete(domain)
    }
    for (const domain of domains) {
      const accounts = await this.#deps.people.accountsWithAddressIn(domain)
      const guests = accounts.filter((account) => domainOf(account) !== domain)
      this.#members.set(domain, new Set(guests))
    }
  }

  #tell(change: AccessChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(change)
      } catch (err) {
        this.#deps.log.error({ what: 'access_listener_failed', err })
      }
    }
  }

  /** One change after the other, so that memory and database agree on the last. */
  #write<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(work)
    this.#writing = done.catch(() => undefined)
    return done
  }
}

function outcomeOf(before: Rule | undefined, after: Rule): 'created' | 'changed' | 'same' {
  if (!before) return 'created'
  const same = before.action === after.action && before.refusesMessages === after.refusesMessages
  return same ? 'same' : 'changed'
}

function concerned({ presentity, watcher }: Rule): AccessChange {
  return {
    presentity: presentity.includes('@', 1) ? (presentity as BareJid) : undefined,
    watcher: watcher.includes('@', 1) ? watcher : undefined,
  }
}

function reason(name: SourceClass, action: Fallback, ground: AccessReason['ground']): AccessReason {
  return { class: name, action, ground }
}

function refusePredefined(name: string): void {
  if (name !== ALL_LEVEL.name) return
  throw new AccessError('ACCESS_LEVEL_PREDEFINED', 'the access level All cannot be changed')
}
