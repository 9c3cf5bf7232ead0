import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import type { NewRule } from '../../../src/core/presence/access/rule.ts'
import type { Fallback } from '../../../src/core/presence/access/rule-index.ts'
import { isGrant, newRosterItem, type RosterItem } from '../../../src/core/presence/roster-item.ts'
import {
  SubscriptionError,
  type SubscriptionStore,
  Subscriptions,
} from '../../../src/core/presence/subscriptions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'

const ALICE = requireJid('alice@corp.example').bare
const BOB = requireJid('bob@corp.example').bare
const EVE = requireJid('eve@partner.example').bare
const USERS: readonly string[] = [ALICE, BOB]

class MemoryLists implements SubscriptionStore {
  readonly lists = new Map<BareJid, Map<BareJid, RosterItem>>()

  async items(account: BareJid) {
    return this.#of(account)
  }

  async update(...[account, contact, change, stored]: Parameters<SubscriptionStore['update']>) {
    const before = this.#of(account).get(contact)
    const after = change(before)
    if (after) this.#of(account).set(contact, after)
    else this.#of(account).delete(contact)
    stored?.({ before, after })
    return { before, after }
  }

  async accountsWithRequests() {
    return [...this.lists.keys()].filter((account) =>
      [...this.#of(account).values()].some(({ pendingIn }) => pendingIn),
    )
  }

  #of(account: BareJid): Map<BareJid, RosterItem> {
    const list = this.lists.get(account) ?? new Map<BareJid, RosterItem>()
    this.lists.set(account, list)
    return list
  }
}

function start(sameSystem: Fallback = 'confirm') {
  const store = new MemoryLists()
  const isLocal = (domain: string) => domain === 'corp.example'
  const access = testAccess({
    sameSystem,
    people: { isLocal, accountsWithAddressIn: async () => [] },
    grants: {
      isGranted: (presentity, watcher) =>
        isGrant(store.lists.get(presentity)?.get(watcher as BareJid)),
    },
  })
  const subscriptions = new Subscriptions({
    store,
    access,
    log: silentLog,
    people: {
      isLocal,
      exists: (account) => USERS.includes(account),
      accountOf: async (address) => (address === '+1303@corp.example' ? BOB : undefined),
    },
  })
  let heard: string[] = []
  subscriptions.addAudience({
    received: (user, type, contact) => heard.push(`${user} ← ${type} ${contact}`),
    began: (presentity, watcher) => heard.push(`${watcher} begins to see ${presentity}`),
    ending: (presentity, watcher) => heard.push(`${watcher} ceases to see ${presentity}`),
    refused: (presentity, watcher) => heard.push(`${presentity} refuses ${watcher}`),
  })
  /** What was heard since the last time, without hosts. */
  const news = () => {
    const said = heard.map((line) => line.replaceAll(/@[a-z.]+/g, ''))
    heard = []
    return said
  }
  const item = (account: BareJid, contact: BareJid) => {
    const found = store.lists.get(account)?.get(contact)
    if (!found) return 'nothing'
    const { subscription, pendingIn, pendingOut, byPolicy } = found
    return `${subscription}${pendingOut ? '+out' : ''}${pendingIn ? '+in' : ''}${byPolicy ? ' by policy' : ''}`
  }
  const rule = (words: Partial<NewRule> & Pick<NewRule, 'action'>) =>
    access.put({
      presentity: BOB,
      watcher: ALICE,
      level: 'All',
      enforced: false,
      refusesMessages: false,
      ...words,
    })
  const pair = () => access.rules({ presentity: BOB, watcher: ALICE }).map(({ action }) => action)
  const settled = async () => {
    for (let turns = 0; turns < 50; turns += 1) await null
  }
  const waiting = async (who: BareJid) =>
    (await subscriptions.waiting(who)).map(({ watcher }) => watcher)
  return { subscriptions, access, store, news, item, rule, pair, settled, waiting }
}

describe('a request', () => {
  it('is the presentity’s to answer where the rules say Confirm', async () => {
    const { subscriptions, news, item, waiting } = start('confirm')
    await subscriptions.say(ALICE, 'subscribe', BOB, '<presence/>')
    assert.deepEqual(news(), ['bob ← subscribe alice'])
    assert.deepEqual([item(ALICE, BOB), item(BOB, ALICE)], ['none+out', 'none+in'])
    assert.deepEqual(await subscriptions.waiting(BOB), [{ watcher: ALICE, stanza: '<presence/>' }])
    await subscriptions.say(BOB, 'subscribed', ALICE)
    assert.deepEqual(news(), ['alice ← subscribed bob', 'alice begins to see bob'])
    assert.deepEqual([item(ALICE, BOB), item(BOB, ALICE)], ['to', 'from'])
    assert.deepEqual(await waiting(BOB), [])
  })

  it('is answered at once, and unseen, where they say Allow', async () => {
    const { subscriptions, news, item } = start('allow')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    assert.deepEqual(news(), ['alice ← subscribed bob', 'alice begins to see bob'])
    assert.deepEqual([item(ALICE, BOB), item(BOB, ALICE)], ['to', 'from by policy'])
  })

  it('waits in silence where they say Block, until they say something else', async () => {
    const { subscriptions, news, item, rule, settled, waiting } = start('confirm')
    await rule({ action: 'block' })
    await subscriptions.say(ALICE, 'subscribe', BOB)
    assert.deepEqual(news(), [])
    assert.deepEqual([item(ALICE, BOB), item(BOB, ALICE)], ['none+out', 'none+in'])
    assert.deepEqual(await waiting(BOB), [])
    await rule({ action: 'confirm' })
    assert.deepEqual(await waiting(BOB), [ALICE])
    await rule({ action: 'allow' })
    await settled()
    assert.deepEqual(news(), ['alice ← subscribed bob', 'alice begins to see bob'])
    assert.equal(item(BOB, ALICE), 'from by policy')
  })

  it('is answered by a change of the system default, too', async () => {
    const { subscriptions, item, rule, settled } = start('confirm')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    await rule({ presentity: '*', watcher: '*', action: 'allow' })
    await settled()
    assert.equal(item(BOB, ALICE), 'from by policy')
  })

  it('of somebody without a contact list is kept like any other', async () => {
    const { subscriptions, news, item, waiting } = start('allow')
    await subscriptions.ask(BOB, EVE)
    assert.deepEqual(news(), ['bob ← subscribe eve'])
    assert.deepEqual([item(BOB, EVE), await waiting(BOB)], ['none+in', [EVE]])
    await subscriptions.ask(BOB, EVE)
    assert.deepEqual(news(), [])
    await subscriptions.say(BOB, 'unsubscribed', EVE)
    assert.deepEqual(news(), ['bob refuses eve'])
    assert.equal(item(BOB, EVE), 'nothing')
  })

  it('by another address asks the user whose it is', async () => {
    const { subscriptions, store, item } = start('confirm')
    const number = requireJid('+1303@corp.example').bare
    await store.update(ALICE, number, () => ({ ...newRosterItem(number), name: 'Bobby' }))
    await subscriptions.say(ALICE, 'subscribe', number)
    assert.deepEqual([item(ALICE, BOB), item(ALICE, number)], ['none+out', 'nothing'])
    assert.equal(store.lists.get(ALICE)?.get(BOB)?.name, 'Bobby')
  })

  it('to nobody, to a stranger or to oneself is refused', async () => {
    const { subscriptions } = start()
    for (const [to, code] of [
      ['nobody@corp.example', 'no-such-user'],
      ['corp.example', 'not-a-user'],
      [EVE, 'not-served'],
      [ALICE, 'self'],
    ] as const) {
      await assert.rejects(
        subscriptions.say(ALICE, 'subscribe', requireJid(to).bare),
        (error: unknown) => error instanceof SubscriptionError && error.code === code,
      )
    }
  })
})

describe('what the rules approved', () => {
  it('holds as long as they do, and becomes a question where they say Confirm', async () => {
    const { subscriptions, item, rule, waiting } = start('allow')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    await rule({ presentity: '*', watcher: '*', action: 'confirm' })
    assert.deepEqual(await waiting(BOB), [ALICE])
    await subscriptions.say(BOB, 'subscribed', ALICE)
    assert.deepEqual([item(BOB, ALICE), await waiting(BOB)], ['from', []])
  })

  it('in part asks for the rest', async () => {
    const { subscriptions, rule, item, waiting } = start('confirm')
    await rule({ presentity: '*', watcher: '*', level: 'Telephony', action: 'allow' })
    await subscriptions.say(ALICE, 'subscribe', BOB)
    assert.deepEqual([item(BOB, ALICE), await waiting(BOB)], ['from by policy', [ALICE]])
  })
})

describe('the presentity’s word', () => {
  it('“subscribed” replaces what he said of the watcher before', async () => {
    const { subscriptions, rule, pair } = start('confirm')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    await rule({ action: 'block' })
    await subscriptions.say(BOB, 'subscribed', ALICE)
    assert.deepEqual(pair(), [])
  })

  it('“unsubscribed” keeps a watcher out whom the default would let back in', async () => {
    const { subscriptions, pair, news, item } = start('allow')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    news()
    await subscriptions.say(BOB, 'unsubscribed', ALICE)
    assert.deepEqual(pair(), ['confirm'])
    assert.deepEqual(news(), ['alice ceases to see bob', 'alice ← unsubscribed bob'])
    await subscriptions.say(ALICE, 'subscribe', BOB)
    assert.deepEqual(news(), ['bob ← subscribe alice'])
    assert.equal(item(BOB, ALICE), 'none+in')
  })

  it('“unsubscribed” leaves no rule where none is needed, and a Block as it is', async () => {
    const { subscriptions, rule, pair } = start('confirm')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    await subscriptions.say(BOB, 'subscribed', ALICE)
    await subscriptions.say(BOB, 'unsubscribed', ALICE)
    assert.deepEqual(pair(), [])
    const other = start('allow')
    await other.subscriptions.say(ALICE, 'subscribe', BOB)
    await other.rule({ action: 'block', refusesMessages: true })
    await other.subscriptions.say(BOB, 'unsubscribed', ALICE)
    assert.deepEqual(other.pair(), ['block'])
    await rule({ action: 'allow' })
  })

  it('that takes a contact off the list ends both directions and keeps him out', async () => {
    const { subscriptions, pair, item } = start('allow')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    await subscriptions.say(BOB, 'subscribe', ALICE)
    assert.equal(item(BOB, ALICE), 'both by policy')
    await subscriptions.removeContact(BOB, ALICE)
    assert.deepEqual([item(BOB, ALICE), item(ALICE, BOB)], ['nothing', 'none'])
    assert.deepEqual(pair(), ['confirm'])
    await assert.rejects(subscriptions.removeContact(BOB, ALICE), SubscriptionError)
  })

  it('that keeps a watcher out is no question to him, and none is written for who is not there', async () => {
    const { subscriptions, access, waiting, pair } = start('allow')
    await subscriptions.say(ALICE, 'subscribe', BOB)
    const asked: Promise<BareJid[]>[] = []
    access.onChange(() => asked.push(waiting(BOB)))
    await subscriptions.say(BOB, 'unsubscribed', ALICE)
    assert.deepEqual((await Promise.all(asked)).flat(), [])
    await access.removeAll({ presentity: BOB })
    await subscriptions.ask(BOB, EVE)
    await assert.rejects(subscriptions.removeContact(BOB, EVE), SubscriptionError)
    assert.deepEqual(access.rules({ watcher: EVE }), [])
    assert.deepEqual(pair(), [])
  })

  it('makes and takes the grant by which other protocols decide', async () => {
    const { subscriptions, access } = start('confirm')
    const watcher = { address: ALICE, account: ALICE, protocol: 'sip' } as const
    const told: (string | undefined)[] = []
    access.onChange((change) => told.push(change.watcher))
    await subscriptions.ask(BOB, ALICE)
    assert.equal((await access.of(BOB, watcher)).decision, 'confirm')
    await subscriptions.say(BOB, 'subscribed', ALICE)
    assert.equal((await access.of(BOB, watcher)).decision, 'allow')
    await subscriptions.say(BOB, 'unsubscribed', ALICE)
    assert.equal((await access.of(BOB, watcher)).decision, 'confirm')
    assert.deepEqual(told, [ALICE, ALICE])
  })
})
