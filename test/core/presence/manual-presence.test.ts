import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import {
  ManualPresence,
  type ManualState,
  type ManualStateStore,
} from '../../../src/core/presence/manual-presence.ts'
import type { Activity } from '../../../src/core/presence/observation.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { type Session, Sessions } from '../../../src/core/sessions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com').bare

class MemoryStates implements ManualStateStore {
  readonly states = new Map<BareJid, ManualState>()

  async all() {
    return [...this.states.values()]
  }

  /** Writes end when it does. */
  disk: Promise<void> = Promise.resolve()

  async put(state: ManualState) {
    await this.disk
    this.states.set(state.account, state)
  }

  async remove(account: BareJid) {
    this.states.delete(account)
  }
}

let clock: FakeClock
let store: MemoryStates
let presence: PresenceService
let sessions: Sessions
let manual: ManualPresence

/** As at a start of the process, before its clients are back. */
function start(): void {
  presence = new PresenceService({ clock })
  sessions = new Sessions()
  manual = new ManualPresence({ store, presence, sessions, clock, log: silentLog })
}

function set(state: Activity, more: Partial<ManualState> = {}): Promise<void> {
  return manual.set({
    account: ALICE,
    state,
    note: undefined,
    since: clock.now(),
    until: undefined,
    clear: 'never',
    ...more,
  })
}

function machine(activity: Activity): void {
  presence.report({
    presentity: ALICE,
    source: 'sip/1',
    until: undefined,
    observations: [
      { id: '1', class: 'phone', basic: 'open', activity, manual: false, since: clock.now() },
    ],
  })
}

function signIn(resource: string): void {
  sessions.bind({ account: ALICE, resource, protocol: 'xmpp' } as Session)
}

const state = () => presence.document(ALICE).person.state

async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await null
}

beforeEach(() => {
  clock = new FakeClock()
  store = new MemoryStates()
  start()
  manual.watch()
})

describe('a state set by hand', () => {
  it('outlives the process, and ends at its time', async () => {
    await set('busy', { until: clock.now() + 60_000 })
    start()
    await manual.restore()
    assert.equal(state(), 'busy')
    clock.advance(60_000)
    assert.equal(state(), 'offline')
    start()
    await manual.restore()
    assert.deepEqual([state(), store.states.size], ['offline', 0])
  })

  it('stays where nothing is to end it', async () => {
    await set('away')
    signIn('desk')
    machine('available')
    await settled()
    assert.equal(state(), 'away')
  })

  it('ends with the next sign-in, if so chosen', async () => {
    signIn('desk')
    await set('out-of-office', { clear: 'sign-in' })
    machine('available')
    await settled()
    assert.equal(state(), 'out-of-office')
    signIn('laptop')
    await settled()
    assert.deepEqual([state(), store.states.size], ['available', 0])
  })

  it('does not end with clients that a restart takes up, but with the next after it', async () => {
    await set('busy', { clear: 'sign-in' })
    start()
    await manual.restore()
    signIn('registered before')
    manual.watch()
    await settled()
    assert.equal(state(), 'busy')
    signIn('desk')
    await settled()
    assert.equal(state(), 'offline')
  })

  it('is forgotten when it ends by its time, wherever it was kept', async () => {
    await set('busy', { until: clock.now() + 60_000, clear: 'sign-in' })
    assert.equal(clock.pendingTimers, 2) // his and that of his presence
    clock.advance(60_000)
    await settled()
    assert.deepEqual([state(), store.states.size, clock.pendingTimers], ['offline', 0, 0])
    await set('away', { until: clock.now() + 60_000 })
    await set('busy')
    assert.equal(clock.pendingTimers, 0)
    clock.advance(60_000)
    await settled()
    assert.deepEqual([state(), store.states.size], ['busy', 1])
  })

  it('goes with the account', async () => {
    await set('busy', { clear: 'sign-in', until: clock.now() + 60_000 })
    manual.forget(ALICE)
    await settled()
    assert.deepEqual([state(), store.states.size, clock.pendingTimers], ['offline', 0, 0])
  })

  it('is what was said last, however long the database takes', async () => {
    const slow = Promise.withResolvers<void>()
    store.disk = slow.promise
    const said = [set('busy'), manual.clear(ALICE), set('away'), set('on-a-call')]
    said.push(manual.clear(ALICE))
    slow.resolve()
    await Promise.all(said)
    assert.deepEqual([state(), store.states.size], ['offline', 0])
    await Promise.all([manual.clear(ALICE), set('busy')])
    assert.deepEqual([state(), store.states.get(ALICE)?.state], ['busy', 'busy'])
  })

  it('that replaced another does not end by what would have ended the other', async () => {
    machine('away')
    await set('available')
    const slow = Promise.withResolvers<void>()
    store.disk = slow.promise
    const replaced = set('busy')
    machine('available')
    slow.resolve()
    await replaced
    await settled()
    assert.deepEqual([state(), store.states.get(ALICE)?.state], ['busy', 'busy'])
  })

  it('ends with a sign-in while it is being stored', async () => {
    const slow = Promise.withResolvers<void>()
    store.disk = slow.promise
    const setting = set('busy', { clear: 'sign-in' })
    signIn('desk')
    slow.resolve()
    await setting
    await settled()
    assert.deepEqual([state(), store.states.size], ['offline', 0])
  })

  it('ends when it is cleared, and clearing nothing is no error', async () => {
    await set('busy')
    await manual.clear(ALICE)
    await manual.clear(ALICE)
    assert.equal(state(), 'offline')
  })

  it('of Available is overwritten by the next automatic change, and by nothing else', async () => {
    machine('away')
    await set('available')
    await settled()
    assert.equal(state(), 'available')
    machine('away')
    await settled()
    assert.equal(state(), 'available')
    machine('on-a-call')
    machine('away')
    await settled()
    assert.deepEqual([state(), store.states.size], ['away', 0])
  })
})
