/** Rosters and access rules are one truth: each cell of the table in docs/adr/0012-access-control.md. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import type { NewRule } from '../../src/core/presence/access/rule.ts'
import type { RosterItem } from '../../src/core/presence/roster-item.ts'
import type { XmppClient } from '../support/xmpp-client.ts'
import {
  items,
  jidOf,
  presences,
  startXmppSystem,
  type XmppSystem,
} from '../support/xmpp-system.ts'

/** Bob is the presentity, Alice the watcher. */
const alicesJid = 'alice@corp.example'
const bobsJid = 'bob@corp.example'

/** He sits at his desk and is on the phone. */
const EVERYTHING = [`available ${bobsJid}/desk dnd On a call`]
const TELEPHONY = [`available ${bobsJid}/heliograph dnd On a call`]
const NOTHING: string[] = []
const GRANTED = `subscribed ${bobsJid}`
const ASKED = `subscribe ${alicesJid}`

const ROSTERS = {
  none: [undefined, undefined],
  to: [{ subscription: 'to' }, { subscription: 'from' }],
  pending: [{ pendingIn: true, inRoster: false }, { pendingOut: true }],
  from: [{ subscription: 'from' }, { subscription: 'to' }],
  both: [{ subscription: 'both' }, { subscription: 'both' }],
  'from by policy': [{ subscription: 'from', byPolicy: true }, { subscription: 'to' }],
} as const satisfies Record<string, readonly (Partial<RosterItem> | undefined)[]>

const RULES = {
  none: [],
  allow: [pair('All', 'allow')],
  confirm: [pair('All', 'confirm')],
  block: [pair('All', 'block')],
  telephony: [pair('Telephony', 'allow'), pair('All', 'block')],
} as const

interface Cell {
  /** What the watcher is shown when she signs in, the answer to what waited included. */
  readonly sees: readonly string[]
  /** What the owner is asked when he signs in. */
  readonly asked: readonly string[]
  /** What the watcher gets for a `subscribe`, and whether the owner is asked by it. */
  readonly subscribe: readonly string[]
  readonly asks: readonly string[]
  /** The owner's roster in the end: subscription, with `?` while a request waits. */
  readonly roster: string
}

type Cells = Record<keyof typeof RULES, Cell>

function unsubscribed(before: 'none' | 'to', after: 'from' | 'both'): Cells {
  const cell = { sees: NOTHING, asked: NOTHING, asks: NOTHING }
  const waits = { ...cell, subscribe: NOTHING, roster: `${before} ?` }
  const granted = (seen: readonly string[]) => ({
    ...cell,
    subscribe: [GRANTED, ...seen],
    roster: after,
  })
  return {
    none: granted(EVERYTHING),
    allow: granted(EVERYTHING),
    confirm: { ...waits, asks: [ASKED] },
    block: waits,
    telephony: granted(TELEPHONY),
  }
}

/** Who is subscribed and asks again is shown again what she may see (RFC 6121 §3.1.3 rule 2). */
function subscribed(roster: string): Cells {
  const cell = (seen: readonly string[]) => ({
    sees: seen,
    asked: NOTHING,
    subscribe: seen,
    asks: NOTHING,
    roster,
  })
  return {
    none: cell(EVERYTHING),
    allow: cell(EVERYTHING),
    confirm: { ...cell(NOTHING), asked: [ASKED] },
    block: cell(NOTHING),
    telephony: cell(TELEPHONY),
  }
}

function waiting(): Cells {
  const answered = (seen: readonly string[]) => ({
    sees: [GRANTED, ...seen],
    asked: NOTHING,
    subscribe: seen,
    asks: NOTHING,
    roster: 'from',
  })
  const waits = { sees: NOTHING, subscribe: NOTHING, asks: NOTHING, roster: 'none ?' }
  return {
    none: answered(EVERYTHING),
    allow: answered(EVERYTHING),
    confirm: { ...waits, asked: [ASKED] },
    block: { ...waits, asked: NOTHING },
    telephony: answered(TELEPHONY),
  }
}

const TABLE: Record<keyof typeof ROSTERS, Cells> = {
  none: unsubscribed('none', 'from'),
  to: unsubscribed('to', 'both'),
  pending: waiting(),
  from: subscribed('from'),
  both: subscribed('both'),
  'from by policy': subscribed('from'),
}

function pair(level: string, action: NewRule['action'], refusesMessages = false): NewRule {
  return {
    presentity: bobsJid,
    watcher: alicesJid,
    level,
    action,
    enforced: false,
    refusesMessages,
  }
}

async function arrange(
  system: XmppSystem,
  [his, hers]: readonly (Partial<RosterItem> | undefined)[],
): Promise<void> {
  if (his) await system.put('bob', { contact: jidOf('alice'), ...his })
  if (hers) await system.put('alice', { contact: jidOf('bob'), ...hers })
}

async function rosterOf(system: XmppSystem): Promise<string> {
  const item = await system.item('bob', 'alice')
  return [item?.subscription ?? 'none', item?.pendingIn && '?'].filter(Boolean).join(' ')
}

/** Of the other one; one's own presence comes back, too. */
function of(who: string, stanzas: Parameters<typeof presences>[0]): string[] {
  return presences(stanzas).filter((line) => line.includes(who))
}

for (const [roster, cells] of Object.entries(TABLE)) {
  describe(`roster ${roster}`, () => {
    for (const [rule, cell] of Object.entries(cells)) {
      it(`and rule ${rule}`, async (t) => {
        const system = await startXmppSystem(t, { sameSystem: 'allow' })
        await arrange(system, ROSTERS[roster as keyof typeof ROSTERS])
        await system.access.putAll(RULES[rule as keyof typeof RULES])
        system.report('bob', 'on-a-call')
        await using bob = await system.connect('bob')
        bob.send('<presence/>')
        assert.deepEqual(of(alicesJid, await bob.settle()), cell.asked)

        await using alice = await system.connect('alice')
        await alice.iq('get', `<query xmlns='jabber:iq:roster'/>`)
        alice.send('<presence/>')
        const seen = of(bobsJid, await alice.settle())
        // A rule may have answered what waited before she came.
        assert.deepEqual(seen.length === cell.sees.length ? seen : [GRANTED, ...seen], cell.sees)

        await bob.settle()
        alice.send(`<presence type='subscribe' to='${bobsJid}'/>`)
        assert.deepEqual(of(bobsJid, await alice.settle()), cell.subscribe)
        assert.deepEqual(of(`subscribe ${alicesJid}`, await bob.settle()), cell.asks)
        assert.equal(await rosterOf(system), cell.roster)
      })
    }
  })
}

/** Bob at his desk and on the phone, Alice a contact of his who sees all that the default or he allows. */
async function friends(t: TestContext): Promise<[XmppSystem, XmppClient, XmppClient]> {
  const system = await startXmppSystem(t, { sameSystem: 'allow' })
  await arrange(system, ROSTERS.both)
  const bob = await system.online('bob')
  const alice = await system.online('alice')
  system.report('bob', 'on-a-call')
  await bob.settle()
  await alice.settle()
  return [system, alice, bob]
}

describe('a change of the rules', () => {
  const gone = (resource: string) => `unavailable ${bobsJid}/${resource}`

  it('is seen at once, withdrawals first, and nothing else', async (t) => {
    const [system, alice, bob] = await friends(t)
    const steps: [string, () => Promise<unknown>, string[]][] = [
      ['block', () => system.access.putAll(RULES.block), [gone('desk')]],
      ['confirm', () => system.access.putAll(RULES.confirm), []],
      ['telephony', () => system.access.putAll(RULES.telephony), TELEPHONY],
      ['all', () => system.access.putAll(RULES.allow), [gone('heliograph'), ...EVERYTHING]],
      ['none', () => system.access.removeAll({ presentity: bobsJid }), []],
      [
        'telephony again',
        () => system.access.putAll(RULES.telephony),
        [gone('desk'), ...TELEPHONY],
      ],
    ]
    for (const [name, change, news] of steps) {
      await change()
      assert.deepEqual(of(bobsJid, await alice.settle()), news, name)
      assert.deepEqual(of(alicesJid, await bob.settle()), name === 'confirm' ? [ASKED] : [], name)
    }
    await bob[Symbol.asyncDispose]()
    assert.deepEqual(presences(await alice.settle()), [], 'his client is no part of the telephone')
    system.withdraw('bob')
    assert.deepEqual(presences(await alice.settle()), [gone('heliograph')])
    await alice[Symbol.asyncDispose]()
  })

  it('of a level, of a domain, and of communication between domains', async (t) => {
    const [system, alice, bob] = await friends(t)
    await system.access.putAll(RULES.telephony)
    await alice.settle()
    await system.access.putLevel({ name: 'Telephony', classes: ['calendar'], inverted: false })
    assert.deepEqual(presences(await alice.settle()), [gone('heliograph')])
    await system.access.removeAll({ presentity: bobsJid })
    await alice.settle()

    await using erin = await system.online('erin@west.example')
    erin.send(`<presence type='subscribe' to='${bobsJid}'/>`)
    assert.deepEqual(of(bobsJid, await erin.settle()), [GRANTED, ...EVERYTHING])
    await system.access.setCrossDomain(false)
    await erin.expectPresence('unavailable', bobsJid)
    await system.access.setCrossDomain(true)
    await erin.expectPresence('available', bobsJid)
    const general = {
      level: 'All',
      action: 'block',
      enforced: true,
      refusesMessages: false,
    } as const
    await system.access.put({ ...general, presentity: '@corp.example', watcher: '@west.example' })
    await erin.expectPresence('unavailable', bobsJid)
    assert.deepEqual(presences(await alice.settle()), [])
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })

  it('keeps what a watcher is told to what he may see, whatever else happens', async (t) => {
    const [system, alice, bob] = await friends(t)
    await system.access.putAll(RULES.telephony)
    await alice.settle()
    bob.send('<presence><show>away</show><status>Coffee with Eve</status></presence>')
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [])
    system.report('bob', 'available')
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/heliograph`])
    await using tablet = await system.connect('alice', 'tablet')
    tablet.send('<presence/>')
    assert.deepEqual(of(bobsJid, await tablet.settle()), [`available ${bobsJid}/heliograph`])
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })
})

it('directed presence is the sender’s wish, whatever the rules say, and ends when he goes', async (t) => {
  const [system, alice, bob] = await friends(t)
  await system.access.putAll(RULES.block)
  await alice.settle()
  bob.send(`<presence to='${alicesJid}'><status>for you</status></presence>`)
  await bob.settle()
  assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/desk for you`])
  bob.send('<presence><show>away</show></presence>')
  await bob.settle()
  assert.deepEqual(presences(await alice.settle()), [])
  await bob[Symbol.asyncDispose]()
  await alice.expectPresence('unavailable', `${bobsJid}/desk`)
  await alice[Symbol.asyncDispose]()
})

describe('a XEP-0191 block', () => {
  const block = `<block xmlns='urn:xmpp:blocking'><item jid='${alicesJid}'/></block>`
  const unblock = `<unblock xmlns='urn:xmpp:blocking'><item jid='${alicesJid}'/></unblock>`

  it('makes the contact see somebody gone, and unblocking brings him back (§3.3, §3.4)', async (t) => {
    const [system, alice, bob] = await friends(t)
    const [before] = [await rosterOf(system)]
    bob.send(`<presence to='${alice.jid}'><status>for you</status></presence>`)
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [`available ${bobsJid}/desk for you`])
    await bob.iq('set', block)
    const left = presences(await alice.settle())
    assert.deepEqual([...new Set(left)], [`unavailable ${bobsJid}/desk`])
    alice.send(`<presence><show>away</show></presence>`)
    await alice.settle()
    bob.send('<presence><show>xa</show></presence>')
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [])
    assert.equal(await rosterOf(system), before)
    await bob.iq('set', unblock)
    assert.deepEqual(presences(await alice.settle()), EVERYTHING)
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })

  it('keeps from the one who made it what the other does (§3.3)', async (t) => {
    const [, alice, bob] = await friends(t)
    bob.send(`<presence to='${alice.jid}'><status>for you</status></presence>`)
    await bob.settle()
    await alice.settle()
    await alice.iq('set', block.replace(alicesJid, bobsJid))
    const left = presences(await alice.settle())
    assert.deepEqual([...new Set(left)], [`unavailable ${bobsJid}/desk`])
    bob.send('<presence><show>xa</show></presence>')
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [])
    await alice.iq('set', `<unblock xmlns='urn:xmpp:blocking'/>`)
    assert.deepEqual(presences(await alice.settle()), EVERYTHING)
    await alice.iq('set', block.replace(alicesJid, 'corp.example'))
    await alice.expectPresence('unavailable', bobsJid)
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })

  it('answers a probe as for somebody who went when the block came (ADR 11)', async (t) => {
    const [, alice, bob] = await friends(t)
    const started = Date.now()
    await bob.iq('set', block)
    await alice.settle()
    alice.send(`<presence type='probe' to='${bobsJid}' id='p'/>`)
    const [answer] = await alice.settle()
    assert.deepEqual(answer && presences([answer]), [`unavailable ${bobsJid}`])
    const stamp = answer?.child('delay', 'urn:xmpp:delay')?.attr('stamp') ?? ''
    assert.ok(Date.parse(stamp) >= started, stamp)
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })
})

describe('the presentity’s newest word', () => {
  const confirms = (system: XmppSystem) =>
    system.access
      .rules({ presentity: bobsJid })
      .map(({ watcher, action }) => `${watcher} ${action}`)

  it('`unsubscribed` keeps out whom the default would let back in', async (t) => {
    const [system, alice, bob] = await friends(t)
    bob.send(`<presence type='unsubscribed' to='${alicesJid}'/>`)
    assert.deepEqual(items(await bob.settle()), [`${alicesJid} to`])
    assert.deepEqual(presences(await alice.settle()), [
      `unavailable ${bobsJid}/desk`,
      `unsubscribed ${bobsJid}`,
    ])
    assert.deepEqual(confirms(system), [`${alicesJid} confirm`])
    alice.send(`<presence type='subscribe' to='${bobsJid}'/>`)
    assert.deepEqual(of(bobsJid, await alice.settle()), [])
    assert.deepEqual(presences(await bob.settle()), [ASKED])
    bob.send(`<presence type='subscribed' to='${alicesJid}'/>`)
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), [GRANTED, ...EVERYTHING])
    assert.deepEqual(confirms(system), [], 'his newest word again')
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })

  it('taking her off the roster does, too', async (t) => {
    const [system, alice, bob] = await friends(t)
    await bob.iq(
      'set',
      `<query xmlns='jabber:iq:roster'><item jid='${alicesJid}' subscription='remove'/></query>`,
    )
    assert.deepEqual(confirms(system), [`${alicesJid} confirm`])
    assert.equal(await rosterOf(system), 'none')
    assert.ok(of(bobsJid, await alice.settle()).includes(`unavailable ${bobsJid}/desk`))
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })

  it('is asked for again where he has a rule that says so', async (t) => {
    const [system, alice, bob] = await friends(t)
    await system.access.putAll(RULES.confirm)
    await bob.expectPresence('subscribe', alicesJid)
    assert.deepEqual(presences(await alice.settle()), [`unavailable ${bobsJid}/desk`])
    bob.send(`<presence type='subscribed' to='${alicesJid}'/>`)
    await bob.settle()
    assert.deepEqual(presences(await alice.settle()), EVERYTHING)
    for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
  })
})

describe('what else a watcher could ask', () => {
  const INFO = `<query xmlns='http://jabber.org/protocol/disco#items'/>`
  const ping = `<ping xmlns='urn:xmpp:ping'/>`

  for (const [rule, result] of [
    ['none', 'result'],
    ['telephony', 'error'],
    ['block', 'error'],
  ] as const) {
    it(`tells as much as presence does: rule ${rule}`, async (t) => {
      const [system, alice, bob] = await friends(t)
      await system.access.putAll(RULES[rule])
      assert.equal((await alice.iq('get', INFO, bobsJid)).attr('type'), result)
      alice.send(`<iq type='get' id='q' to='${bobsJid}/desk'>${ping}</iq>`)
      if (result === 'result') {
        await bob.expect((stanza) => stanza.attr('id') === 'q')
      } else {
        await alice.expect((stanza) => stanza.attr('id') === 'q' && stanza.attr('type') === 'error')
      }
      await alice.settle()
      alice.send(`<presence type='probe' to='${bobsJid}/desk'/>`)
      const kind = result === 'result' ? 'available' : 'unavailable'
      assert.deepEqual(presences(await alice.settle()), [`${kind} ${bobsJid}/desk`])
      for (const client of [alice, bob]) await client[Symbol.asyncDispose]()
    })
  }
})

it('who watches whom is known while they are on line', async (t) => {
  const [system, alice, bob] = await friends(t)
  const watch = { presentity: bobsJid, watcher: alicesJid, protocol: 'xmpp', roster: true }
  const active = { ...watch, status: 'active', subscriptions: 1 }
  assert.deepEqual(await system.watchers.watched(jidOf('bob')), [active])
  assert.deepEqual(await system.watchers.watching(alicesJid), [active])
  await system.access.putAll(RULES.confirm)
  const [pending] = await system.watchers.watched(jidOf('bob'))
  assert.equal(pending?.status, 'pending')
  await alice[Symbol.asyncDispose]()
  assert.deepEqual(await system.watchers.watched(jidOf('bob')), [])
  await bob[Symbol.asyncDispose]()
})
