/** RFC 4662, RFC 4826 §4.5, RFC 5367. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { renderResourceLists } from '../../../../src/formats/resource-lists.ts'
import { presencePackage } from '../../../../src/sip/events/presence.ts'
import { RESTORE_DELAY_MS, RESTORE_SPREAD_MS } from '../../../../src/sip/events/restoration.ts'
import { inDialog, STATE } from '../notifier-rig.ts'
import { ALICE, BOB, settle } from '../support.ts'
import { bodyOf, FRIENDS, setUpLists, userOf } from './lists-rig.ts'

const ALICE_URI = 'sip:alice@example.com'
const BOB_URI = 'sip:bob@example.com'
const CAROL_URI = 'sip:carol@example.com'
const DAVE_URI = 'sip:dave@example.com'

async function begun(setup: Parameters<typeof setUpLists>[0] = {}, uris = [ALICE_URI, CAROL_URI]) {
  const it = setUpLists(setup)
  it.lists.put(FRIENDS, uris)
  const tx = await it.listen()
  await settle()
  return { ...it, tx }
}

describe('a SUBSCRIBE to a list (RFC 4662 §4)', () => {
  test('is answered by a first NOTIFY that tells all, version 0', async () => {
    const { tx, userAgent, last } = await begun()
    assert.equal(tx.status, 200)
    assert.equal(tx.header('Require'), 'eventlist')
    assert.equal(userAgent.sent.length, 1)
    const list = last()
    assert.deepEqual([list.uri, list.version, list.fullState], [FRIENDS, 0, true])
    assert.deepEqual(list.states, [`${ALICE_URI} active`, `${CAROL_URI} active`])
    assert.match(list.document(ALICE_URI) ?? '', /entity="sip:alice@example.com"/)
    assert.match(userAgent.last.request.headers.get(STATE) ?? '', /^active;expires=3600$/)
  })

  test('is one dialog and one subscription, whoever is on the list', async () => {
    const many = Array.from({ length: 1_000 }, (_, at) => `sip:user${at}@example.com`)
    const { table, userAgent, last, clock } = await begun(
      { limits: { maxNotifyBytes: 10e6 } },
      many,
    )
    assert.equal(table.size, 1)
    assert.equal(userAgent.sent.length, 1)
    assert.equal(last().states.length, 1_000)
    assert.equal([...table.inPackage(presencePackage, userOf('user7'))].length, 1)
    assert.ok(clock.pendingTimers < 5, `${clock.pendingTimers} timers`)
  })

  test('is refused with 421 where the client does not know lists (§4.1)', async () => {
    const it = setUpLists()
    it.lists.put(FRIENDS, [ALICE_URI])
    const tx = await it.subscribe({ uri: FRIENDS })
    assert.equal(tx.status, 421)
    assert.equal(tx.header('Require'), 'eventlist')
  })

  test('is refused where the list is not for him, not for the package, or too long', async () => {
    const it = setUpLists({ limits: { maxMembers: 2 } })
    it.lists.put(FRIENDS, [ALICE_URI], { owner: ALICE })
    assert.equal((await it.listen()).status, 403)
    it.lists.put(FRIENDS, [ALICE_URI], { packages: ['dialog', 'message-summary'] })
    const wrong = await it.listen()
    assert.equal(wrong.status, 489)
    assert.equal(wrong.header('Allow-Events'), 'dialog, message-summary')
    it.lists.put(FRIENDS, [ALICE_URI, CAROL_URI, DAVE_URI])
    assert.equal((await it.listen()).status, 403)
    it.lists.put(FRIENDS, [ALICE_URI, CAROL_URI], { owner: BOB, packages: ['presence'] })
    assert.equal((await it.listen()).status, 200)
  })

  test('is no list where a user has the URI', async () => {
    const it = setUpLists()
    it.lists.put(ALICE_URI, [CAROL_URI])
    assert.equal((await it.listen({ uri: ALICE_URI })).status, 200)
    assert.equal(it.userAgent.last.request.headers.get('Content-Type'), 'application/pidf+xml')
  })

  test('is refused where nobody has the URI, and where he watches too many lists', async () => {
    const it = setUpLists({ limits: { maxPerWatcher: 1 } })
    assert.equal((await it.listen({ uri: 'sip:nobody@example.com' })).status, 404)
    it.lists.put(FRIENDS, [ALICE_URI])
    const first = await it.listen()
    assert.equal(first.status, 200)
    assert.equal((await it.listen()).status, 403)
    await it.userAgent.last.answer(200)
    const end = inDialog(first, 2)
    await it.listen({ ...end, headers: [['Expires', '0']] })
    await it.userAgent.last.answer(200)
    assert.equal((await it.listen()).status, 200)
  })

  test('is a fetch where it is for no time: one NOTIFY with all, and the end', async () => {
    const it = setUpLists()
    it.lists.put(FRIENDS, [ALICE_URI])
    const tx = await it.listen({ headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(it.userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    assert.deepEqual(it.last().states, [`${ALICE_URI} active`])
    assert.equal(it.table.size, 0)
    assert.equal([...it.table.watches()].length, 0)
  })
})

describe('a NOTIFY of a list after the first', () => {
  test('tells what has changed, one version on (§5.2)', async () => {
    const { userAgent, last, is } = await begun()
    await userAgent.last.answer(200)
    is('carol', 'away')
    assert.equal(userAgent.sent.length, 2)
    const list = last()
    assert.deepEqual([list.version, list.fullState], [1, false])
    assert.deepEqual(list.states, [`${CAROL_URI} active`])
    assert.match(list.document(CAROL_URI) ?? '', /away/)
  })

  test('carries all changes of its interval', async () => {
    const { userAgent, last, is, clock } = await begun({ intervalMs: 5_000 })
    await userAgent.last.answer(200)
    is('carol', 'away')
    is('alice', 'busy')
    is('carol', 'do-not-disturb')
    assert.equal(userAgent.sent.length, 1)
    clock.advance(5_000)
    assert.equal(userAgent.sent.length, 2)
    assert.deepEqual(last().states, [`${ALICE_URI} active`, `${CAROL_URI} active`])
    assert.match(last().document(CAROL_URI) ?? '', /busy|disturb/)
  })

  test('carries what changed while the one before waited for its answer, and it alone', async () => {
    const { userAgent, last, is } = await begun()
    await userAgent.last.answer(200)
    is('alice', 'away')
    is('carol', 'away')
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    assert.deepEqual(last().states, [`${CAROL_URI} active`])
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 3)
  })

  test('is not sent where nothing is different after all', async () => {
    const { userAgent, is } = await begun()
    await userAgent.last.answer(200)
    is('alice', 'away')
    await userAgent.last.answer(200)
    is('alice', 'away')
    assert.equal(userAgent.sent.length, 2)
  })

  test('tells all again after a refresh, and after one that failed', async () => {
    const { tx, userAgent, last, is, listen, clock } = await begun()
    await userAgent.last.answer(200)
    await listen(inDialog(tx, 2))
    await settle()
    assert.deepEqual([last().version, last().fullState], [1, true])
    await userAgent.last.answer(200)
    is('alice', 'away')
    await userAgent.last.answer(500)
    clock.advance(30_000)
    assert.deepEqual([last().version, last().fullState], [3, true])
    assert.equal(last().states.length, 2)
  })

  test('has one part for all who look the same', async () => {
    const { last } = await begun({}, [ALICE_URI, 'sip:alice@EXAMPLE.com'])
    assert.equal(last().states.length, 2)
    assert.equal(last().parts, 1)
  })

  test('follows one that was full in pieces where it has no room for all', async () => {
    const many = Array.from({ length: 40 }, (_, at) => `sip:user${at}@example.com`)
    const { userAgent, last } = await begun(
      { intervalMs: 5_000, limits: { maxNotifyBytes: 12_000 } },
      many,
    )
    const seen = new Set<string>()
    assert.equal(last().fullState, true)
    assert.equal(last().resources.length, 40)
    for (let count = 1; ; count += 1) {
      for (const state of last().states) if (state.endsWith(' active')) seen.add(state)
      assert.ok(userAgent.last.request.body.length < 15_000)
      await userAgent.last.answer(200)
      if (userAgent.sent.length === count) break
      assert.equal(last().fullState, false)
      assert.equal(last().version, count)
    }
    assert.ok(userAgent.sent.length > 2)
    assert.equal(seen.size, 40)
  })

  test('names those for whom even the names have no room in the next one', async () => {
    const many = Array.from({ length: 40 }, (_, at) => `tel:+4930${1000 + at}`)
    const { userAgent, last } = await begun({ limits: { maxNotifyBytes: 2_048 } }, many)
    const seen = new Set<string>()
    for (let count = 1; ; count += 1) {
      for (const { uri } of last().resources) seen.add(uri)
      await userAgent.last.answer(200)
      if (userAgent.sent.length === count) break
    }
    assert.equal(seen.size, 40)
  })
})

describe('a member of a list', () => {
  test('is pending while the presentity is asked, and active when he agrees', async () => {
    const { last, events, rule, userAgent } = await begun({ policy: 'confirm' }, [ALICE_URI])
    assert.deepEqual(last().states, [`${ALICE_URI} pending`])
    const { asked } = events.subscriptions as unknown as { asked: unknown[] }
    assert.deepEqual(asked, [[ALICE, BOB]])
    await userAgent.last.answer(200)
    await rule('allow')
    await settle()
    assert.deepEqual(last().states, [`${ALICE_URI} active`])
  })

  test('is terminated where the presentity refuses', async () => {
    const { last, events, userAgent } = await begun({ policy: 'confirm' }, [ALICE_URI])
    await userAgent.last.answer(200)
    const { tell } = events.subscriptions as unknown as {
      tell(what: (audience: { refused?(p: string, w: string): void }) => void): void
    }
    tell.call(events.subscriptions, (audience) => audience.refused?.(ALICE, BOB))
    assert.deepEqual(last().states, [`${ALICE_URI} terminated rejected`])
  })

  test('is active and offline where he is blocked politely', async () => {
    const { last, is, rule, userAgent } = await begun()
    await userAgent.last.answer(200)
    is('alice', 'busy')
    assert.match(last().document(ALICE_URI) ?? '', /busy/)
    await userAgent.last.answer(200)
    await rule('block')
    await settle()
    assert.deepEqual(last().states, [`${ALICE_URI} active`])
    assert.doesNotMatch(last().document(ALICE_URI) ?? '', /busy/)
    const count = userAgent.sent.length
    await userAgent.last.answer(200)
    is('alice', 'away')
    assert.equal(userAgent.sent.length, count)
  })

  test('is not told in a NOTIFY that leaves after the rules have changed', async () => {
    const it = setUpLists()
    it.lists.put(FRIENDS, [ALICE_URI])
    it.is('alice', 'busy')
    await it.rule('block')
    await it.listen()
    assert.doesNotMatch(it.last().document(ALICE_URI) ?? '', /busy/)
  })

  test('is terminated where no such user is there, or is there no more', async () => {
    const { last, notifier, userAgent } = await begun({}, [ALICE_URI, CAROL_URI])
    await userAgent.last.answer(200)
    notifier.forget(userOf('carol'))
    assert.deepEqual(last().states, [`${CAROL_URI} terminated noresource`])
    const other = setUpLists({
      events: {
        people: { ...(await begun()).events.people, resolve: async () => ({ kind: 'unknown' }) },
      },
    })
    other.lists.put(FRIENDS, [ALICE_URI])
    await other.listen()
    assert.deepEqual(other.last().states, [`${ALICE_URI} terminated noresource`])
  })

  test('of another domain has no instance: nothing is known of him (§4.5)', async () => {
    const { last } = await begun({}, ['sip:ed@example.org', 'mailto:ed@example.com', 'nonsense'])
    assert.deepEqual(last().states, ['sip:ed@example.org', 'mailto:ed@example.com', 'nonsense'])
  })

  test('is told to the presentity as a watcher (RFC 3857), until the list ends', async () => {
    const { events, notifier } = await begun()
    const [state] = events.watcherStates.of(ALICE)
    assert.equal(state?.watcher.address, BOB)
    assert.equal(state.status, 'active')
    assert.equal(events.watcherStates.of(BOB).length, 0)
    notifier.forget(BOB)
    assert.deepEqual(events.watcherStates.of(ALICE), [])
  })
})

describe('a list that changes', () => {
  test('tells who has come, and once who has left', async () => {
    const { lists, last, userAgent, is } = await begun()
    await userAgent.last.answer(200)
    lists.put(FRIENDS, [CAROL_URI, DAVE_URI])
    await settle()
    assert.deepEqual([...last().states].sort(), [
      `${ALICE_URI} terminated noresource`,
      `${DAVE_URI} active`,
    ])
    assert.equal(last().fullState, false)
    await userAgent.last.answer(200)
    is('alice', 'busy')
    assert.equal(userAgent.sent.length, 2)
    is('dave', 'away')
    assert.deepEqual(last().states, [`${DAVE_URI} active`])
  })

  test('does not name who has left where it is told in full', async () => {
    const { tx, lists, last, userAgent, listen } = await begun()
    await userAgent.last.answer(200)
    lists.put(FRIENDS, [CAROL_URI])
    await settle()
    await userAgent.last.answer(503)
    await listen(inDialog(tx, 2))
    await settle()
    assert.deepEqual(last().states, [`${CAROL_URI} active`])
  })

  test('takes back who had left', async () => {
    const { lists, last, userAgent } = await begun()
    await userAgent.last.answer(200)
    lists.put(FRIENDS, [CAROL_URI])
    await settle()
    await userAgent.last.answer(200)
    lists.put(FRIENDS, [CAROL_URI, ALICE_URI])
    await settle()
    assert.deepEqual(last().states, [`${ALICE_URI} active`])
  })

  test('tells a name that is new', async () => {
    const { lists, last, userAgent } = await begun()
    await userAgent.last.answer(200)
    lists.put(FRIENDS, [], { resources: [{ uri: ALICE_URI, name: 'Al' }, { uri: CAROL_URI }] })
    await settle()
    assert.deepEqual(
      last().resources.map(({ uri, name }) => [uri, name]),
      [[ALICE_URI, 'Al']],
    )
  })

  test('ends where it is removed, or is not his any more', async () => {
    const { lists, userAgent, table } = await begun()
    await userAgent.last.answer(200)
    lists.remove(FRIENDS)
    await settle()
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=noresource')
    assert.equal(table.size, 0)
    assert.equal([...table.watches()].length, 0)
  })
})

describe('a list within a list (RFC 4662 §5.5)', () => {
  const TEAM = 'sip:team@example.org'

  async function nested() {
    const it = setUpLists()
    it.lists.put(TEAM, [CAROL_URI, DAVE_URI], { name: 'Team' })
    it.lists.put(FRIENDS, [ALICE_URI, TEAM])
    await it.listen()
    return it
  }

  test('is a part of several parts, in full at first', async () => {
    const { last } = await nested()
    assert.deepEqual(last().states, [`${ALICE_URI} active`, `${TEAM} active`])
    const team = last().sublist(TEAM)
    assert.deepEqual([team.uri, team.name, team.version, team.fullState], [TEAM, 'Team', 0, true])
    assert.deepEqual(team.states, [`${CAROL_URI} active`, `${DAVE_URI} active`])
  })

  test('is told where somebody on it changes, and only then', async () => {
    const { last, is, userAgent } = await nested()
    await userAgent.last.answer(200)
    is('dave', 'busy')
    assert.deepEqual(last().states, [`${TEAM} active`])
    const team = last().sublist(TEAM)
    assert.deepEqual(
      [team.version, team.fullState, team.states],
      [1, false, [`${DAVE_URI} active`]],
    )
    await userAgent.last.answer(200)
    is('alice', 'busy')
    assert.deepEqual(last().states, [`${ALICE_URI} active`])
  })

  test('is followed when it changes', async () => {
    const { last, lists, userAgent } = await nested()
    await userAgent.last.answer(200)
    lists.put(TEAM, [CAROL_URI], { name: 'Team' })
    await settle()
    assert.deepEqual(last().sublist(TEAM).states, [`${DAVE_URI} terminated noresource`])
  })

  test('is in full when it comes later', async () => {
    const { last, lists, userAgent } = await begun()
    await userAgent.last.answer(200)
    lists.put(TEAM, [DAVE_URI])
    lists.put(FRIENDS, [ALICE_URI, CAROL_URI, TEAM])
    await settle()
    assert.equal(last().fullState, false)
    assert.equal(last().sublist(TEAM).fullState, true)
  })

  test('does not hold itself, however far down', async () => {
    const it = setUpLists()
    const [one, two] = ['sip:one@example.org', 'sip:two@example.org'] as const
    it.lists.put(one, [two])
    it.lists.put(two, [one, ALICE_URI])
    await it.listen({ uri: one })
    assert.deepEqual(it.last().sublist(two).states, [
      `${one} terminated rejected`,
      `${ALICE_URI} active`,
    ])
  })
})

describe('a list in the request (RFC 5367)', () => {
  const RLS = 'sip:rls@example.com'

  test('is served like any other, also deflated', async () => {
    const it = setUpLists()
    const { body = '', headers = [] } = bodyOf(ALICE_URI, CAROL_URI)
    const plain = await it.listen({ uri: RLS, body, headers })
    assert.equal(plain.status, 200)
    assert.deepEqual(it.last().states, [`${ALICE_URI} active`, `${CAROL_URI} active`])
    assert.equal(it.last().uri, RLS)
    const packed = deflateSync(body)
    const request = { uri: RLS, headers: [...headers, ['Content-Encoding', 'deflate'] as const] }
    const tx = await it.listen({ ...request, body: packed })
    assert.equal(tx.status, 200)
    assert.equal(it.last().states.length, 2)
    const bomb = deflateSync(Buffer.alloc(10_000_000))
    assert.equal((await it.listen({ ...request, body: bomb })).status, 413)
  })

  test('stays with a refresh without one, and is replaced by that of a refresh', async () => {
    const it = setUpLists()
    const tx = await it.listen({ uri: RLS, ...bodyOf(ALICE_URI, CAROL_URI) })
    await it.userAgent.last.answer(200)
    await it.listen({ ...inDialog(tx, 2), uri: RLS })
    await settle()
    assert.equal(it.last().states.length, 2)
    await it.userAgent.last.answer(200)
    await it.listen({ ...inDialog(tx, 3), uri: RLS, ...bodyOf(DAVE_URI) })
    await settle()
    assert.deepEqual([it.last().fullState, it.last().states], [true, [`${DAVE_URI} active`]])
    await it.userAgent.last.answer(200)
    const count = it.userAgent.sent.length
    it.is('alice', 'busy')
    assert.equal(it.userAgent.sent.length, count)
  })

  test('is refused where it is none, and leaves the subscription as it was', async () => {
    const it = setUpLists()
    const required = { headers: [['Require', 'recipient-list-subscribe'] as const] }
    assert.equal((await it.listen({ uri: RLS, ...required })).status, 400)
    const wrong = { ...bodyOf(), body: '<resource-lists/>' }
    assert.equal((await it.listen({ uri: RLS, ...wrong })).status, 400)
    const tx = await it.listen({ uri: RLS, ...bodyOf(ALICE_URI) })
    await it.userAgent.last.answer(200)
    assert.equal((await it.listen({ ...inDialog(tx, 2), uri: RLS, ...wrong })).status, 400)
    it.is('alice', 'busy')
    assert.deepEqual(it.last().states, [`${ALICE_URI} active`])
  })

  test('is for users of this system', async () => {
    const it = setUpLists()
    const from = '<sip:eve@example.org>;tag=eve1'
    assert.equal((await it.listen({ uri: RLS, from, ...bodyOf(ALICE_URI) })).status, 403)
  })

  test('survives a restart with what was asked for', async () => {
    const before = setUpLists()
    await before.listen({ uri: RLS, ...bodyOf(ALICE_URI, CAROL_URI) })
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    const after = setUpLists({ store: before.store, clock: before.clock })
    await after.notifier.restore()
    after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    await settle()
    assert.equal(after.userAgent.sent.length, 1)
    assert.deepEqual([after.last().fullState, after.last().states.length], [true, 2])
    assert.ok(after.last().version > 0)
  })
})

describe('an application server’s list (ADR 17)', () => {
  const RLS = 'sip:rls@example.com'
  const CRM = 'application:crm.example.com'

  function pairs(disposition: string, lists: Record<string, [string, string][]>) {
    const rendered = Object.entries(lists).map(([name, members]) => ({
      ...{ kind: 'list' as const, name },
      members: members.map(([watcher, uri]) => ({ kind: 'entry' as const, uri, watcher })),
    }))
    return {
      uri: RLS,
      body: renderResourceLists(rendered),
      headers: [
        ['Require', 'recipient-list-subscribe'] as const,
        ['Content-Type', 'application/resource-lists+xml'] as const,
        ['Content-Disposition', disposition] as const,
      ],
    }
  }

  async function begunFor(...members: [string, string][]) {
    const it = setUpLists({
      identify: async () => ({ address: undefined, uri: CRM, trusted: false }),
      applications: {
        called: (address) =>
          address === CRM
            ? { domain: userOf('crm'), mayWatch: (user) => user !== userOf('dave') }
            : undefined,
      },
    })
    const tx = await it.listen(pairs('recipient-list', { all: members }))
    await settle()
    return { ...it, tx }
  }

  const instances = ({ resources }: ReturnType<ReturnType<typeof setUpLists>['last']>) =>
    resources.flatMap(({ uri, instances: all }) =>
      all.map(({ watcher, state, reason }) =>
        [uri, watcher, state, reason].filter(Boolean).join(' '),
      ),
    )

  test('shows each presentity to each watcher, by the rules for him, and equal views once', async () => {
    const { last } = await begunFor(
      [BOB_URI, ALICE_URI],
      [CAROL_URI, ALICE_URI],
      [DAVE_URI, ALICE_URI],
    )
    assert.deepEqual(instances(last()), [
      `${ALICE_URI} ${DAVE_URI} terminated rejected`,
      `${ALICE_URI} ${BOB_URI} active`,
      `${ALICE_URI} ${CAROL_URI} active`,
    ])
    assert.equal(last().parts, 1)
  })

  test('follows a rule about one watcher for him alone', async () => {
    const { last, rule, is, userAgent } = await begunFor(
      [BOB_URI, ALICE_URI],
      [CAROL_URI, ALICE_URI],
    )
    await userAgent.last.answer(200)
    is('alice', 'busy')
    assert.equal(instances(last()).length, 2)
    assert.equal(last().parts, 1)
    await userAgent.last.answer(200)
    await rule('block')
    await settle()
    assert.deepEqual(instances(last()), [`${ALICE_URI} ${BOB_URI} active`])
  })

  test('changes by what comes and goes, and nothing else is told again', async () => {
    const { tx, last, listen, userAgent, is } = await begunFor(
      [BOB_URI, ALICE_URI],
      [BOB_URI, CAROL_URI],
    )
    await userAgent.last.answer(200)
    const changes = pairs('recipient-list-changes', {
      added: [[CAROL_URI, ALICE_URI]],
      removed: [[BOB_URI, CAROL_URI]],
    })
    assert.equal((await listen({ ...inDialog(tx, 2), ...changes })).status, 200)
    await settle()
    assert.equal(last().fullState, false)
    assert.deepEqual(instances(last()).sort(), [
      `${ALICE_URI} ${CAROL_URI} active`,
      `${CAROL_URI} ${BOB_URI} terminated noresource`,
    ])
    await userAgent.last.answer(200)
    is('carol', 'busy')
    assert.equal(userAgent.sent.length, 2)
    await listen(inDialog(tx, 3))
    await settle()
    assert.deepEqual(instances(last()), [
      `${ALICE_URI} ${BOB_URI} active`,
      `${ALICE_URI} ${CAROL_URI} active`,
    ])
  })

  test('names its watchers, and is the only one that may', async () => {
    const { last } = await begunFor()
    assert.deepEqual(last().states, [])
    const it = setUpLists()
    await it.listen(pairs('recipient-list', { all: [[CAROL_URI, ALICE_URI]] }))
    assert.deepEqual(instances(it.last()), [`${ALICE_URI} ${CAROL_URI} terminated rejected`])
  })

  test('is all that it watches', async () => {
    const { listen } = await begunFor()
    assert.equal((await listen({ uri: ALICE_URI })).status, 403)
  })

  test('is seen by the presentity as the watchers that it is for', async () => {
    const { events } = await begunFor([BOB_URI, ALICE_URI], [CAROL_URI, ALICE_URI])
    const watchers = events.watcherStates.of(ALICE).map(({ watcher }) => watcher.address)
    assert.deepEqual(watchers, ['bob@example.com', 'carol@example.com'])
  })

  test('does not go on for a watcher who is no user any more', async () => {
    const { last, notifier, userAgent, is } = await begunFor(
      [BOB_URI, ALICE_URI],
      [CAROL_URI, ALICE_URI],
    )
    await userAgent.last.answer(200)
    notifier.forget(BOB)
    assert.deepEqual(instances(last()), [`${ALICE_URI} ${BOB_URI} terminated rejected`])
    await userAgent.last.answer(200)
    is('alice', 'busy')
    assert.deepEqual(instances(last()), [`${ALICE_URI} ${CAROL_URI} active`])
  })
})

describe('a list in a format that tells differences (RFC 5263 §3, RFC 4662 §4.6)', () => {
  test('tells each member in full at first, then what has changed of him, by versions of his own', async () => {
    const it = setUpLists()
    it.lists.put(FRIENDS, [ALICE_URI, CAROL_URI])
    it.is('carol', 'busy')
    await it.subscribe({
      uri: FRIENDS,
      headers: [
        ['Supported', 'eventlist'],
        ['Accept', 'multipart/related, application/rlmi+xml, application/pidf-diff+xml'],
      ],
    })
    const carol = () => {
      const [, name, version] =
        /<\w+:(pidf-\w+) [^>]*version="(\d+)"/.exec(it.last().document(CAROL_URI) ?? '') ?? []
      return [name, version]
    }
    assert.deepEqual(carol(), ['pidf-full', '1'])
    await it.userAgent.last.answer(200)
    it.is('carol', 'away')
    assert.equal(it.last().fullState, false)
    assert.deepEqual(carol(), ['pidf-diff', '2'])
    await it.userAgent.last.answer(200)
    it.is('alice', 'away')
    await it.userAgent.last.answer(200)
    it.is('carol', 'busy')
    assert.deepEqual(carol(), ['pidf-diff', '3'])
  })
})

describe('a list with filters (RFC 4660 §3.3)', () => {
  const FILTERS =
    '<filter-set xmlns="urn:ietf:params:xml:ns:simple-filter"><ns-bindings>' +
    '<ns-binding prefix="pidf" urn="urn:ietf:params:xml:ns:pidf"/></ns-bindings>' +
    `<filter id="1" uri="${CAROL_URI}"><what><include>//pidf:basic</include></what></filter></filter-set>`

  const part = (type: string, disposition: string, text: string) =>
    `--b\r\nContent-Type: ${type}\r\nContent-Disposition: ${disposition}\r\n\r\n${text}\r\n`

  test('tells of each member what the filter for him leaves, the list being in the same body', async () => {
    const it = setUpLists()
    it.is('alice', 'busy')
    it.is('carol', 'busy')
    const { body: list = '' } = bodyOf(ALICE_URI, CAROL_URI)
    const tx = await it.listen({
      uri: 'sip:rls@example.com',
      headers: [
        ['Require', 'recipient-list-subscribe'],
        ['Content-Type', 'multipart/mixed;boundary=b'],
      ],
      body: `${part('application/simple-filter+xml', 'session', FILTERS)}${part(
        'application/resource-lists+xml',
        'recipient-list',
        String(list),
      )}--b--`,
    })
    assert.equal(tx.status, 200)
    assert.match(it.last().document(ALICE_URI) ?? '', /busy/)
    assert.match(it.last().document(CAROL_URI) ?? '', /<basic>open<\/basic>/)
    assert.doesNotMatch(it.last().document(CAROL_URI) ?? '', /busy/)
    await it.userAgent.last.answer(200)
    it.is('carol', 'away')
    assert.equal(it.userAgent.sent.length, 1)
  })

  test('is the same list when a refresh brings a filter alone', async () => {
    const { listen, userAgent, is, last } = setUpLists()
    is('carol', 'busy')
    const tx = await listen({ uri: 'sip:rls@example.com', ...bodyOf(ALICE_URI, CAROL_URI) })
    await settle()
    await userAgent.last.answer(200)
    const refreshed = await listen({
      ...inDialog(tx, 2),
      headers: [['Content-Type', 'application/simple-filter+xml']],
      body: FILTERS,
    })
    assert.equal(refreshed.status, 200)
    assert.match(last().document(CAROL_URI) ?? '', /<basic>open<\/basic>/)
    assert.doesNotMatch(last().document(CAROL_URI) ?? '', /busy/)
  })
})

describe('a watcher who says what he has (RFC 5839)', () => {
  test('is not told the same list again', async () => {
    const { tx, listen, userAgent, is } = await begun()
    await userAgent.last.answer(200)
    const tag = userAgent.last.request.headers.get('SIP-ETag') ?? ''
    const quiet = await listen({ ...inDialog(tx, 2), headers: [['Suppress-If-Match', tag]] })
    assert.equal(quiet.status, 204)
    assert.equal(userAgent.sent.length, 1)
    is('alice', 'busy')
    assert.equal(userAgent.sent.length, 2)
    await userAgent.last.answer(200)
    const told = await listen({ ...inDialog(tx, 3), headers: [['Suppress-If-Match', tag]] })
    assert.equal(told.status, 200)
  })
})
