/**
 * Three people of two domains, a stranger, and the core in memory behind a database as slow as one
 * likes. On both edges is somebody who does nothing but what he is told, and keeps it.
 */
import assert from 'node:assert/strict'
import { setImmediate as idle } from 'node:timers/promises'
import { type BareJid, domainOf } from '../../src/core/address.ts'
import type { Access, Watcher } from '../../src/core/presence/access/access.ts'
import type { AccessControl } from '../../src/core/presence/access/access-control.ts'
import { AccessError } from '../../src/core/presence/access/access-error.ts'
import { isGrant, newRosterItem, sees, watches } from '../../src/core/presence/roster-item.ts'
import { SubscriptionError, Subscriptions } from '../../src/core/presence/subscriptions.ts'
import { createLog } from '../../src/util/log.ts'
import { testAccess } from '../support/access.ts'
import { EVE, PAIRS, type Step, USERS } from './watchers-truth-steps.ts'
import { Delays, SlowLists, SlowRules } from './watchers-truth-stores.ts'

function key(presentity: BareJid, watcher: BareJid): string {
  return `${watcher} of ${presentity}`
}

function words({ decision, visible, asks }: Access): string {
  return `${decision} ${visible.key}${asks ? ' asks' : ''}`
}

/** Nobody but a user of this system has an account here. */
function asker(address: BareJid, protocol: 'xmpp' | 'sip'): Watcher {
  const account = isLocal(domainOf(address)) ? address : undefined
  return { address, account, protocol }
}

function isLocal(domain: string): boolean {
  return domain === 'corp.example' || domain === 'branch.example'
}

/** The core, and on both edges somebody who does nothing but what he is told. */
export class System {
  readonly access: AccessControl
  readonly subscriptions: Subscriptions
  readonly lists: SlowLists
  readonly #errors: string[] = []
  /** By SIP, ever. */
  readonly #asked = new Set<string>()
  /** What each watcher was told, by protocol; of requests, what each owner was shown. */
  readonly #sip = new Map<string, string>()
  readonly #xmpp = new Map<string, string>()
  readonly #waiting = new Map<BareJid, Promise<string[]>>()
  /** Questions that owners were asked since they were last at rest. */
  readonly #questions = new Set<string>()

  constructor(fallback: 'allow' | 'confirm' | 'block', delays: Delays) {
    const log = createLog('error', { write: (line: string) => void this.#errors.push(line) })
    const lists = new SlowLists(delays)
    this.lists = lists
    this.access = testAccess({
      store: new SlowRules(delays),
      sameSystem: fallback,
      log,
      people: { isLocal, accountsWithAddressIn: async () => [] },
      grants: { isGranted: (owner, one) => isGrant(lists.item(owner, one as BareJid)) },
    })
    this.subscriptions = new Subscriptions({
      store: lists,
      access: this.access,
      log,
      people: {
        isLocal,
        exists: (account) => USERS.includes(account),
        accountOf: async () => undefined,
      },
    })
    this.access.onChange((change) => {
      for (const { presentity, watcher } of PAIRS) {
        if (change.presentity !== undefined && change.presentity !== presentity) continue
        if (change.watcher !== undefined && change.watcher !== watcher) continue
        this.#tellSip(presentity, watcher)
        if (this.#xmpp.has(key(presentity, watcher))) this.#tellXmpp(presentity, watcher)
      }
    })
    this.subscriptions.addAudience({
      began: (presentity, watcher) => this.#tellXmpp(presentity, watcher),
      ending: (presentity, watcher) => void this.#xmpp.delete(key(presentity, watcher)),
      requestsChanged: (presentity) => this.#askAgain(presentity),
    })
    for (const { presentity, watcher } of PAIRS) this.#tellSip(presentity, watcher)
    this.#askAgain(undefined)
  }

  async play(one: Step): Promise<void> {
    const { access, subscriptions, lists } = this
    switch (one.do) {
      case 'say': {
        const { presentity: owner, watcher } = one.pair
        const forContact = one.type === 'subscribe' || one.type === 'unsubscribe'
        if (!forContact) return subscriptions.say(owner, one.type, watcher)
        if (watcher !== EVE) return subscriptions.say(watcher, one.type, owner)
        return
      }
      case 'ask':
        this.#asked.add(key(one.pair.presentity, one.pair.watcher))
        return subscriptions.ask(one.pair.presentity, one.pair.watcher)
      case 'remove':
        return subscriptions
          .removeContact(one.pair.presentity, one.pair.watcher)
          .catch((error: unknown) => {
            const isAbsent = error instanceof SubscriptionError && error.code === 'no-such-contact'
            if (!isAbsent) throw error
          })
      case 'add': {
        const { presentity, watcher } = one.pair
        await lists.update(presentity, watcher, (item) => ({
          ...(item ?? newRosterItem(watcher)),
          inRoster: true,
        }))
        return
      }
      case 'resend':
        return subscriptions.resendRequests(one.user)
      case 'put':
        return this.#put({ ...one.rule, action: one.action, refusesMessages: false })
      case 'delete':
        await access.removeAll(one.rule)
        return
      case 'answer':
        return this.#answer(one.pair, one)
      case 'block':
        return this.#put({ ...one.pair, ...BLOCK, action: 'block', level: 'All' })
      case 'unblock':
        await access.removeAll({ ...one.pair, ...BLOCK })
        return
      case 'level':
        return access.putLevel({ name: 'Some', classes: one.classes, inverted: false })
      case 'cross-domain':
        return access.setCrossDomain(one.on)
    }
  }

  /** At rest: what watchers were told last is what the rules say. */
  async check(): Promise<void> {
    assert.deepEqual(this.#errors, [], 'something failed behind the scenes')
    for (const { presentity, watcher } of PAIRS) {
      const name = key(presentity, watcher)
      const now = words(await this.access.of(presentity, asker(watcher, 'sip')))
      assert.equal(this.#sip.get(name), now, `${name}: SIP was told something else`)
      const item = this.lists.item(presentity, watcher)
      assert.equal(this.#xmpp.get(name), this.#xmppSees(presentity, watcher), `${name}: XMPP`)
      const asked = this.access.decide(presentity, asker(watcher, 'xmpp'), isGrant(item))
      const unanswered = item?.pendingIn === true && asked.decision === 'allow'
      assert.ok(!unanswered, `${name}: the rules allow what still waits`)
    }
  }

  /** At rest: what owners were asked last is what waits for them. */
  async checkRequests(): Promise<void> {
    for (const owner of USERS) {
      const shown = await this.#waiting.get(owner)
      assert.deepEqual(shown, await this.#asks(owner), `${owner} was asked something else`)
    }
  }

  /** Nobody is asked about the one whom he has just sent away, or let in. */
  checkQuestions(last: Step): void {
    const questions = new Set(this.#questions)
    this.#questions.clear()
    const isWord =
      last.do === 'remove' ||
      (last.do === 'say' && (last.type === 'subscribed' || last.type === 'unsubscribed'))
    if (!isWord) return
    const name = key(last.pair.presentity, last.pair.watcher)
    assert.ok(!questions.has(name), `${name}: asked about his own word`)
  }

  /** The two sides of each subscription say the same, where no two stanzas crossed. Who asked by
   * SIP keeps nothing on his own list. */
  checkSides(): void {
    for (const { presentity, watcher } of PAIRS) {
      if (watcher === EVE) continue
      const [his, hers] = [
        this.lists.item(presentity, watcher),
        this.lists.item(watcher, presentity),
      ]
      const name = key(presentity, watcher)
      const watching = his !== undefined && watches(his)
      const seeing = hers !== undefined && sees(hers)
      assert.ok(watching || !seeing, `${name}: sees by his own list alone`)
      if (!this.#asked.has(name))
        assert.ok(seeing || !watching, `${name}: does not know that he sees`)
      if (hers?.pendingOut) assert.ok(his?.pendingIn, `${name} waits for nobody`)
    }
  }

  /** Refused where a block of messages stands, which has to be lifted by its own name. */
  async #answer(
    { presentity, watcher }: (typeof PAIRS)[number],
    words: Parameters<AccessControl['answer']>[2],
  ): Promise<void> {
    await this.access.answer(presentity, watcher, words).catch((error: unknown) => {
      const isRefused = error instanceof AccessError && error.code === 'BAD_RULE'
      if (!isRefused) throw error
    })
  }

  async #put(wanted: Parameters<AccessControl['put']>[0]): Promise<void> {
    if (wanted.presentity === wanted.watcher && wanted.presentity.includes('@', 1)) return
    await this.access.put(wanted)
  }

  #tellSip(presentity: BareJid, watcher: BareJid): void {
    const access = this.access.of(presentity, asker(watcher, 'sip'))
    assert.ok(!(access instanceof Promise))
    this.#sip.set(key(presentity, watcher), words(access))
  }

  /** As the broadcaster: what begins is looked up in the list, which may say otherwise by now. */
  #tellXmpp(presentity: BareJid, watcher: BareJid): void {
    const seen = this.#xmppSees(presentity, watcher)
    if (seen === undefined) this.#xmpp.delete(key(presentity, watcher))
    else this.#xmpp.set(key(presentity, watcher), seen)
  }

  #xmppSees(presentity: BareJid, watcher: BareJid): string | undefined {
    const item = this.lists.item(presentity, watcher)
    if (!item || !watches(item)) return undefined
    return words(this.access.decide(presentity, asker(watcher, 'xmpp'), isGrant(item)))
  }

  #askAgain(presentity: BareJid | undefined): void {
    for (const owner of USERS) {
      if (presentity !== undefined && presentity !== owner) continue
      const before = this.#waiting.get(owner) ?? []
      this.#waiting.set(owner, this.#ask(owner, before))
    }
  }

  async #ask(owner: BareJid, before: string[] | Promise<string[]>): Promise<string[]> {
    const [now, then] = await Promise.all([this.#asks(owner), before])
    for (const one of now) if (!then.includes(one)) this.#questions.add(`${one} of ${owner}`)
    return now
  }

  async #asks(owner: BareJid): Promise<string[]> {
    return (await this.subscriptions.waiting(owner)).map(({ watcher }) => watcher).sort()
  }
}

const BLOCK = { enforced: false, refusesMessages: true } as const

export async function start(fallback: 'allow' | 'confirm' | 'block', turns: readonly number[]) {
  const system = new System(fallback, new Delays(turns))
  await system.access.putLevel({ name: 'Some', classes: ['phone'], inverted: false })
  await idle()
  return system
}
