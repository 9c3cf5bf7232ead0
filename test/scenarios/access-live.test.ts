/**
 * Rules and presence change while a crowd watches over XMPP and SIP: nobody ever sees a state that
 * neither the rules before nor those after a change allow, and everybody ends where he should.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import type { Watcher } from '../../src/core/presence/access/access.ts'
import type { AccessControl } from '../../src/core/presence/access/access-control.ts'
import type { NewRule } from '../../src/core/presence/access/rule.ts'
import { testAccess } from '../support/access.ts'
import {
  CROWD_DOMAIN,
  CROWD_OPTIONS,
  Crowd,
  type CrowdWatcher,
  callApi,
  OFFLINE,
  PRESENTITY,
} from '../support/crowd.ts'
import { startTestServer, type TestServer } from '../support/server.ts'

const STAR = requireJid(PRESENTITY).bare
const STEPS = 40
const SEED = 20_261_123

interface State {
  readonly phone: 'available' | 'on-a-call'
  readonly phoneNote: string
  readonly meetingNote: string
}

/** The same numbers each time: a failure can be looked at again. */
function numbers(seed: number): (below: number) => number {
  let last = seed
  return (below) => {
    last = (Math.imul(last, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((last / 2 ** 32) * below)
  }
}

/** What the composition table makes of a phone and a meeting, for those who see these classes. */
function view({ phone, phoneNote, meetingNote }: State, sees: (name: string) => boolean): string {
  if (sees('phone') && (phone === 'on-a-call' || !sees('calendar'))) return phoneNote
  return sees('calendar') ? meetingNote : OFFLINE
}

function askerOf(address: string): Watcher {
  return { address, account: address as BareJid, protocol: 'sip' }
}

function seenBy(access: AccessControl, state: State, { address }: CrowdWatcher): string {
  const { visible } = access.decide(STAR, askerOf(address), false)
  return view(state, (name) => visible.sees(name))
}

async function putState(server: TestServer, { phone, phoneNote, meetingNote }: State) {
  const path = `/api/v1/presence/${PRESENTITY}`
  await callApi(server, 'PUT', path, { class: 'phone', state: phone, note: phoneNote })
  const meeting = { class: 'calendar', state: 'in-a-meeting', note: meetingNote }
  await callApi(server, 'PUT', path, meeting)
}

async function start(t: TestContext, size: { xmpp: number; sip: number }) {
  const server = await startTestServer({ args: CROWD_OPTIONS })
  t.after(() => server[Symbol.asyncDispose]())
  const crowd = await Crowd.open(server, size)
  t.after(() => crowd[Symbol.asyncDispose]())
  return { server, crowd }
}

/** Compositions and renderings of the presence documents, as the server counts them. */
async function work(server: TestServer): Promise<{ composed: number; rendered: number }> {
  const metrics = await callApi(server, 'GET', '/metrics')
  const count = (name: string) => {
    const lines = metrics.split('\n').filter((line) => line.startsWith(name))
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }
  return {
    composed: count('heliograph_presence_compositions_total'),
    rendered: count('heliograph_presence_renderings_total'),
  }
}

test('nobody sees what neither the old nor the new rules allow, and all end where they should', async (t) => {
  const { server, crowd } = await start(t, { xmpp: 20, sip: 20 })
  const isLocal = (domain: string) => domain === CROWD_DOMAIN
  const access = testAccess({ people: { isLocal, accountsWithAddressIn: async () => [] } })
  const random = numbers(SEED)
  let state: State = { phone: 'available', phoneNote: 'P0', meetingNote: 'C0' }
  await putState(server, state)
  await crowd.until((one) => one.seen.at(-1) === seenBy(access, state, one))

  const level = async (name: string, classes: string[]) => {
    await access.putLevel({ name, classes, inverted: false })
    await callApi(server, 'PUT', `/api/v1/access-levels/${name}`, { classes })
  }
  await level('Some', ['phone'])
  const put = async (rule: NewRule) => {
    await access.put(rule)
    await callApi(server, 'PUT', '/api/v1/acl', rule)
  }
  const steps: ((n: number) => Promise<void>)[] = [
    async () => {
      const presentity = ['*', `@${CROWD_DOMAIN}`, PRESENTITY][random(3)] ?? '*'
      const watcher = random(2) === 0 ? '*' : `fan${random(20)}@${CROWD_DOMAIN}`
      await put({
        presentity,
        watcher,
        level: ['All', 'Telephony', 'Some'][random(3)] ?? 'All',
        action: (['allow', 'block', 'confirm', 'undefined'] as const)[random(4)] ?? 'allow',
        enforced: random(6) === 0,
        refusesMessages: false,
      })
    },
    async () =>
      level('Some', [['phone'], ['calendar'], ['calendar', 'phone']][random(3)] ?? ['lob']),
    async () => {
      const [rule] = access.rules()
      if (!rule) return
      const { presentity, watcher, enforced } = rule
      await access.removeAll({ presentity, watcher, enforced })
      const filter = new URLSearchParams({ presentity, watcher, enforced: String(enforced) })
      await callApi(server, 'DELETE', `/api/v1/acl?${filter}`)
    },
    async (n) => {
      state = {
        phone: random(2) === 0 ? 'available' : 'on-a-call',
        phoneNote: `P${n}`,
        meetingNote: `C${n}`,
      }
      await putState(server, state)
    },
  ]
  for (let n = 1; n <= STEPS; n += 1) {
    const from = new Map(crowd.watchers.map((one) => [one, one.seen.length]))
    const old = { state, sees: snapshot(access, crowd) }
    const chosen = steps[n % 3 === 0 ? 3 : random(3)]
    await chosen?.(n)
    // Every state between the two: the phone is put before the calendar.
    const between = { ...state, meetingNote: old.state.meetingNote }
    const now = snapshot(access, crowd)
    await crowd.until((one) => one.seen.at(-1) === seenBy(access, state, one))
    for (const one of crowd.watchers) {
      const allowed = [old.state, between, state].flatMap((each) =>
        [old.sees, now].map((sees) => view(each, (name) => sees.get(one)?.(name) ?? false)),
      )
      for (const seen of one.seen.slice(from.get(one))) {
        assert.ok(
          allowed.includes(seen),
          `step ${n}: ${one.protocol} ${one.address} saw ${seen}, allowed ${allowed}`,
        )
      }
    }
  }
})

function snapshot(access: AccessControl, { watchers }: Crowd) {
  return new Map(
    watchers.map((one) => {
      const { visible } = access.decide(STAR, askerOf(one.address), false)
      return [one, (name: string) => visible.sees(name)]
    }),
  )
}

test('however many watch, each view is composed once and each rendering made once', async (t) => {
  const { server, crowd } = await start(t, { xmpp: 30, sip: 30 })
  await putState(server, { phone: 'available', phoneNote: 'P0', meetingNote: 'C0' })
  await crowd.until((one) => one.seen.at(-1) === 'C0')
  const rule = { presentity: PRESENTITY, enforced: false, refusesMessages: false }
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7]) {
    const watcher = `fan${n}@${CROWD_DOMAIN}`
    const pair = { ...rule, watcher }
    await callApi(server, 'PUT', '/api/v1/acl', { ...pair, level: 'All', action: 'block' })
    await callApi(server, 'PUT', '/api/v1/acl', { ...pair, level: 'Telephony', action: 'allow' })
  }
  const telephony = (one: CrowdWatcher) => /^fan[0-7]@/.test(one.address)
  await crowd.until((one) => one.seen.at(-1) === (telephony(one) ? 'P0' : 'C0'))
  const before = await work(server)
  const change = { class: 'phone', state: 'on-a-call', note: 'P1' }
  await callApi(server, 'PUT', `/api/v1/presence/${PRESENTITY}`, change)
  await crowd.until((one) => one.seen.at(-1) === 'P1')
  const after = await work(server)
  // Two views: everything, and the telephone.
  assert.equal(after.composed - before.composed, 2)
  // PIDF tells the tuples of both views; in XMPP's words the two are the same.
  assert.equal(after.rendered - before.rendered, 3)
})
