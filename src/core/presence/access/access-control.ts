/**
 * Who may see what of whom: access levels, rules, and the decision about each watcher.
 * Precedence, and why: docs/adr/0012-access-control.md. All rules are in memory; a change is stored
 * first, then holds for every decision, then is told to the listeners.
 */
import { type BareJid, domainOf, parseJid } from '../../address.ts'
import type { SourceClass } from '../observation.ts'
import type { Access, Watcher } from './access.ts'
import { AccessError } from './access-error.ts'
import { type AccessLevel, ALL_LEVEL, requireLevel } from './access-level.ts'
import { DomainMembers } from './domain-members.ts'
import { type Existing, outcomeOf, type PutOutcome, requireExisting } from './existing.ts'
import { BLOCKED, FULL, Outcomes, PENDING } from './outcomes.ts'
import type { AccessControlDeps } from './ports.ts'
import { type NewRule, type Rule, type RuleFilter, requireRule, ruleKey } from './rule.ts'
import { RuleBook, type StoredAccess } from './rule-book.ts'
import type { Fallback, Ground, Question } from './rule-index.ts'

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

const BY_FALLBACK: Readonly<Record<Fallback, Access>> = {
  allow: FULL,
  confirm: PENDING,
  block: BLOCKED,
}
const ANYTHING: AccessChange = { presentity: undefined, watcher: undefined }

export class AccessControl {
  readonly #deps: AccessControlDeps
  readonly #book: RuleBook
  #crossDomain: boolean
  #members = DomainMembers.NONE
  readonly #outcomes = new Outcomes()
  readonly #listeners = new Set<(change: AccessChange) => void>()
  #writing: Promise<unknown> = Promise.resolve()

  static async open(deps: AccessControlDeps): Promise<AccessControl> {
    const { store } = deps
    const crossDomain = (await store.crossDomain()) ?? deps.crossDomain
    const control = new AccessControl({ ...deps, crossDomain }, await store.load())
    control.#members = await DomainMembers.load(deps.people, control.#book.domains())
    return control
  }

  /** `open` is the way to one that knows what is stored. */
  constructor(deps: AccessControlDeps, stored: StoredAccess) {
    this.#deps = deps
    this.#crossDomain = deps.crossDomain
    this.#book = new RuleBook(deps.classes, stored)
  }

  /** Called synchronously, after the change is stored and holds. */
  onChange(listener: (change: AccessChange) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** All classes of sources that there are in this system. */
  get classes(): readonly SourceClass[] {
    return this.#deps.classes
  }

  /** All first. */
  levels(): readonly AccessLevel[] {
    return this.#book.levels()
  }

  /** Throws `AccessError` `NO_SUCH_ACCESS_LEVEL`. */
  level(name: string): AccessLevel {
    return this.#book.level(name)
  }

  /**
   * Throws `AccessError` `ACCESS_LEVEL_PREDEFINED`, `BAD_ACCESS_LEVEL`, and by `existing`
   * `ACCESS_LEVEL_EXISTS`, `NO_SUCH_ACCESS_LEVEL`.
   */
  putLevel(wanted: AccessLevel, existing: Existing = 'allow'): Promise<void> {
    return this.#write(async () => {
      refusePredefined(wanted.name)
      const isThere = this.levels().some(({ name }) => name === wanted.name)
      if (existing === 'require') this.level(wanted.name)
      if (existing === 'refuse' && isThere) {
        throw new AccessError('ACCESS_LEVEL_EXISTS', `there is an access level “${wanted.name}”`)
      }
      const level = requireLevel(wanted, this.#deps.classes)
      await this.#deps.store.putLevel(level)
      this.#book.setLevel(level)
      this.#tell(ANYTHING)
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
      this.#book.deleteLevel(name)
    })
  }

  rules(filter: RuleFilter = {}): readonly Rule[] {
    return this.#book.rules(filter)
  }

  /**
   * A Block put over one that refuses messages, too (XEP-0191), goes on refusing them.
   * Throws `AccessError` `BAD_RULE`, `NO_SUCH_ACCESS_LEVEL`, `TOO_MANY_RULES`, and by `existing`
   * `RULE_EXISTS`, `NO_SUCH_RULE`.
   */
  async put(rule: NewRule, existing: Existing = 'allow'): Promise<PutOutcome> {
    const [outcome] = await this.replace({ remove: [], put: [rule], existing })
    return outcome ?? 'same'
  }

  /** All or none. Throws as `put` does. */
  putAll(rules: readonly NewRule[]): Promise<PutOutcome[]> {
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
  replace(change: {
    remove: readonly RuleFilter[]
    put: readonly NewRule[]
    existing?: Existing
  }): Promise<PutOutcome[]> {
    return this.#write(async () => {
      const updatedAt = this.#deps.clock.now()
      const wanted = change.put.map((rule) => ({
        ...this.#require(rule, change.existing),
        updatedAt,
      }))
      const kept = new Set(wanted.map(ruleKey))
      const removed = change.remove
        .flatMap((filter) => this.rules(filter))
        .filter((rule) => !kept.has(ruleKey(rule)))
      this.#book.requireRoom(wanted, removed)
      const outcomes = wanted.map((rule) => outcomeOf(this.#book.find(rule), rule))
      await this.#commit(
        removed,
        wanted.filter((_, at) => outcomes[at] !== 'same'),
      )
      return outcomes
    })
  }

  /**
   * The presentity's answer to a watcher, in place of all that he said about him before: for a level
   * narrower than All the rest is blocked. Throws as `put` does, also where he has blocked the
   * watcher with his messages (XEP-0191): that is lifted by its own name.
   */
  async answer(
    presentity: BareJid,
    watcher: string,
    { action, level }: Pick<NewRule, 'action' | 'level'>,
  ): Promise<void> {
    const pair = { presentity, watcher, enforced: false, refusesMessages: false } as const
    const rest = { ...pair, level: ALL_LEVEL.name, action: 'block' } as const
    if (action !== 'block' && this.rules({ ...pair, refusesMessages: true }).length > 0) {
      throw new AccessError('BAD_RULE', `${watcher} is blocked with his messages: lift that first`)
    }
    const put: NewRule[] = [{ ...pair, level, action }]
    if (action === 'allow' && level !== ALL_LEVEL.name) put.push(rest)
    await this.replace({ remove: [pair], put })
  }

  /** What a removed user or domain leaves behind is gone from the database already. */
  forget(pattern: string): void {
    for (const rule of this.rules()) {
      if (rule.presentity === pattern || rule.watcher === pattern) this.#book.delete(rule)
    }
  }

  /** Whether users of different domains of this system see and reach each other. */
  get crossDomain(): boolean {
    return this.#crossDomain
  }

  /** What holds for users of this system where no rule decides; for others it is Confirm. */
  get sameSystem(): Fallback {
    return this.#deps.sameSystem
  }

  setCrossDomain(on: boolean): Promise<void> {
    return this.#write(async () => {
      await this.#deps.store.setCrossDomain(on)
      if (this.#crossDomain === on) return
      this.#crossDomain = on
      this.#tell(ANYTHING)
    })
  }

  /** Somebody's addresses changed, and with them whom a domain's rules are about. */
  addressesChanged(account: BareJid): Promise<void> {
    return this.#write(async () => {
      if (this.#members === DomainMembers.NONE) return
      this.#members = await DomainMembers.load(this.#deps.people, this.#book.domains())
      this.#tell({ presentity: account, watcher: undefined })
    })
  }

  /** Who goes by this address: the account of a user, a bare JID of another system, or a URI. */
  watcher(address: string, protocol: Watcher['protocol']): Watcher {
    return { address, account: this.#accountOf(address), protocol }
  }

  decide(presentity: BareJid, watcher: Watcher, granted: boolean): Access {
    if (watcher.account === presentity) return FULL
    if (this.#isWalledOff(presentity, watcher.account)) return BLOCKED
    const fallback = this.#fallback(watcher)
    if (!this.#book.index.concerns(presentity)) return granted ? FULL : BY_FALLBACK[fallback]
    const question = this.#question(presentity, watcher, granted)
    return this.#outcomes.of(this.#book.index.decide(question), this.#book.index)
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
    this.#book.index.decide(
      this.#question(presentity, watcher, granted),
      (mask, action, ground) => {
        for (const name of this.#book.index.classesOf(mask))
          reasons.push(reason(name, action, ground))
      },
    )
    reasons.sort((a, b) => classes.indexOf(a.class) - classes.indexOf(b.class))
    return { access, reasons }
  }

  /** Whether a message of `sender` is let through to `presentity` (XEP-0191 §3.5 and the domain switch). */
  mayExchangeMessages(presentity: BareJid, sender: BareJid): boolean {
    if (this.#isWalledOff(presentity, this.#accountOf(sender))) return false
    return !this.isRefused(presentity, sender)
  }

  /** Whether the presentity has blocked all communication with this address. */
  isRefused(presentity: BareJid, address: BareJid): boolean {
    return this.#book.index.refuses(presentity, address)
  }

  /** The contact list lets the watcher see the presentity from now on, or no longer. */
  grantChanged(presentity: BareJid, watcher: string): void {
    this.#tell({ presentity, watcher })
  }

  #question(presentity: BareJid, watcher: Watcher, granted: boolean): Question {
    const domains = this.#members.domainsOf(presentity)
    return { presentity, watcher, granted, fallback: this.#fallback(watcher), domains }
  }

  #fallback({ account }: Watcher): Fallback {
    return account === undefined ? 'confirm' : this.#deps.sameSystem
  }

  #accountOf(address: string): BareJid | undefined {
    const jid = parseJid(address)
    return jid && jid.local !== '' && this.#deps.people.isLocal(jid.domain) ? jid.bare : undefined
  }

  #isWalledOff(presentity: BareJid, account: BareJid | undefined): boolean {
    return !this.#crossDomain && account !== undefined && domainOf(account) !== domainOf(presentity)
  }

  #require(given: NewRule, existing: Existing = 'allow'): NewRule {
    this.level(given.level)
    const rule = requireRule(given, (domain) => this.#deps.people.isLocal(domain))
    const before = this.#book.find(rule)
    requireExisting(existing, before)
    const keeps = rule.action === 'block' && before?.refusesMessages === true
    return keeps ? { ...rule, refusesMessages: true } : rule
  }

  async #commit(removed: readonly Rule[], put: readonly Rule[]): Promise<void> {
    if (removed.length + put.length === 0) return
    const domains = put.flatMap(({ presentity }) =>
      presentity.startsWith('@') ? [presentity.slice(1)] : [],
    )
    const { people, store } = this.#deps
    const members = await DomainMembers.load(people, [...this.#book.domains(), ...domains])
    await store.changeRules({ remove: removed, put })
    // From here on in one turn: no decision falls between two rules.
    this.#members = members
    for (const rule of removed) this.#book.delete(rule)
    for (const rule of put) this.#book.set(rule)
    const changes = new Map<string, AccessChange>()
    for (const rule of [...removed, ...put]) {
      const change = concerned(rule)
      changes.set(`${change.presentity}\n${change.watcher}`, change)
    }
    for (const change of changes.values()) this.#tell(change)
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
