/** The `reg` event package (RFC 3680). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { EVERYTHING } from '../../../src/core/presence/access/access.ts'
import { Sessions } from '../../../src/core/sessions.ts'
import { NS_GRUUINFO, REGINFO } from '../../../src/formats/reginfo.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { State } from '../../../src/sip/events/event-package.ts'
import { ContactStates } from '../../../src/sip/events/reg/contact-states.ts'
import { regPackage } from '../../../src/sip/events/reg.ts'
import { AwaitedReports } from '../../../src/sip/messaging/awaited-reports.ts'
import { MessageSender } from '../../../src/sip/messaging/outgoing.ts'
import type { BindingState } from '../../../src/sip/registrar/binding.ts'
import { Bindings } from '../../../src/sip/registrar/bindings.ts'
import { Gruus, newSeries } from '../../../src/sip/registrar/gruu.ts'
import type { BindingRecord } from '../../../src/storage/stores/sip-bindings.ts'
import { silentLog } from '../../../src/util/log.ts'
import { parseDocument } from '../../../src/xml/document.ts'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ALICE, BOB, eventDeps, FakeUserAgent, MemoryStore } from './support.ts'

function setUp({ isWatched = true } = {}) {
  const clock = new FakeClock()
  const states = new ContactStates({ clock, isWatched: () => isWatched })
  const bindings = new Bindings({
    ...{ clock, log: silentLog, sessions: new Sessions() },
    store: new MemoryStore<BindingRecord>(),
    sender: new MessageSender({
      clock,
      userAgent: new FakeUserAgent(),
      directory: { primaryUri: async () => undefined },
      awaited: new AwaitedReports(),
      askForReports: 'all',
    }),
  })
  states.follow(bindings, new Gruus({ secret: Buffer.alloc(32), bindings }))
  const deps = {
    ...eventDeps({ clock }),
    registrations: { states, watchers: new Set(['app@example.net']) },
  }
  const watcher = (address: string, account?: typeof ALICE) => ({
    presentity: ALICE,
    watcher: { address, account, protocol: 'sip' as const },
    entity: 'sip:alice@example.com',
  })
  const register = (id: string, changes: Partial<BindingState> = {}) => {
    const state: BindingState = {
      contact: `sip:alice@192.0.2.7;line=${id}`,
      instance: undefined,
      regId: undefined,
      callId: 'call',
      cseq: 1,
      q: 0,
      expiresAt: clock.now() + 60_000,
      path: [],
      peer: undefined,
      userAgent: undefined,
      registeredAt: clock.now(),
      series: undefined,
      takesMessages: true,
      ...changes,
    }
    return bindings.apply(ALICE, { put: new Map([[id, state]]), remove: new Set() })
  }
  const unregister = (id: string) =>
    bindings.apply(ALICE, { put: new Map(), remove: new Set([id]) })
  /** What a watcher reads, one document after the other. */
  const reader = () => {
    let version = 0
    let known: State | undefined
    return () => {
      const viewing = { contentType: REGINFO, visible: EVERYTHING, version, since: 0, known }
      const rendered = regPackage.render(deps, watcher(ALICE, ALICE), viewing)
      known = rendered.state
      version += 1
      return read(rendered.body)
    }
  }
  return { clock, deps, bindings, watcher, register, unregister, reader }
}

function read(body: Buffer) {
  const root = parseDocument(body, { maxStanzaBytes: 65_536, maxDepth: 16, maxAttributes: 32 })
  const registration = root.child('registration')
  return {
    version: root.attr('version'),
    state: root.attr('state'),
    registration: registration?.attr('state'),
    aor: registration?.attr('aor'),
    id: registration?.attr('id'),
    contacts: [...(registration?.elements() ?? [])],
  }
}

const summary = (contact: Element) => [contact.attr('state'), contact.attr('event')]

describe('the reg package (RFC 3680)', () => {
  it('tells that there is no registration (§4.7.1), and each contact that comes', async () => {
    const { clock, register, reader } = setUp()
    const next = reader()
    const first = next()
    assert.deepEqual([first.state, first.registration, first.contacts], ['full', 'init', []])
    assert.equal(first.aor, 'sip:alice@example.com')
    await register('one', { q: 0.5, instance: 'urn:uuid:1' })
    clock.advance(10_000)
    const second = next()
    assert.deepEqual(
      [second.version, second.state, second.registration],
      ['1', 'partial', 'active'],
    )
    assert.equal(second.id, first.id)
    const [contact] = second.contacts
    assert.deepEqual(
      ['state', 'event', 'duration-registered', 'expires', 'q', 'callid', 'cseq'].map((name) =>
        contact?.attr(name),
      ),
      ['active', 'registered', '10', '50', '0.5', 'call', '1'],
    )
    assert.equal(contact?.child('uri')?.text(), 'sip:alice@192.0.2.7;line=one')
    assert.equal(contact?.child('unknown-param')?.text(), '"<urn:uuid:1>"')
    await register('two')
    assert.deepEqual(next().contacts.map(summary), [['active', 'registered']])
    await register('two', { cseq: 2 })
    assert.deepEqual(next().contacts.map(summary), [['active', 'refreshed']])
    assert.equal(reader()().contacts.length, 2)
  })

  it('tells the GRUUs of a device, and since when temporary ones are good (RFC 5628 §5)', async () => {
    const { register, reader } = setUp()
    await register('one', { instance: 'urn:uuid:1', series: newSeries(17), cseq: 19 })
    await register('two')
    const [device, other] = reader()().contacts
    const uriOf = (name: string) => device?.child(name, NS_GRUUINFO)?.attr('uri')
    assert.equal(uriOf('pub-gruu'), 'sip:alice@example.com;gr=urn:uuid:1')
    assert.match(uriOf('temp-gruu') ?? '', /^sip:tgruu\.[\w-]+@example\.com;gr$/)
    assert.equal(device?.child('temp-gruu', NS_GRUUINFO)?.attr('first-cseq'), '17')
    assert.equal(other?.child('pub-gruu', NS_GRUUINFO), undefined)
  })

  it('tells why a contact has ended, and once that the registration has (§4.7.1)', async () => {
    const { clock, bindings, register, unregister, reader } = setUp()
    await register('one')
    await register('two', { expiresAt: clock.now() + 30_000 })
    const next = reader()
    next()
    clock.advance(30_000)
    const expired = next()
    assert.deepEqual(expired.contacts.map(summary), [['terminated', 'expired']])
    assert.equal(expired.registration, 'active')
    await unregister('one')
    const last = next()
    assert.deepEqual(last.contacts.map(summary), [['terminated', 'unregistered']])
    assert.deepEqual([last.state, last.registration], ['partial', 'terminated'])
    const after = next()
    assert.deepEqual([after.state, after.registration, after.contacts], ['full', 'init', []])
    await register('one')
    next()
    bindings.forget(ALICE, 'rejected')
    assert.deepEqual(next().contacts.map(summary), [['terminated', 'rejected']])
    await register('one')
    next()
    bindings.forget(ALICE, 'deactivated')
    assert.deepEqual(next().contacts.map(summary), [['terminated', 'deactivated']])
  })

  it('forgets why after a minute; a contact that is gone is then said to be unregistered', async () => {
    const { clock, register, reader } = setUp()
    await register('one', { expiresAt: clock.now() + 1_000 })
    const next = reader()
    next()
    clock.advance(62_000)
    assert.deepEqual(next().contacts.map(summary), [['terminated', 'unregistered']])
  })

  it('calls a contact that has moved another one (§5.1)', async () => {
    const { register, reader } = setUp()
    await register('one', { contact: 'sip:alice@192.0.2.7:5060' })
    const next = reader()
    next()
    await register('one', { contact: 'sip:alice@192.0.2.7:5061', cseq: 2 })
    assert.deepEqual(next().contacts.map(summary), [
      ['active', 'refreshed'],
      ['terminated', 'unregistered'],
    ])
  })

  it('tells its watchers of changes, and does nothing where nobody watches', async () => {
    for (const isWatched of [true, false]) {
      const { deps, register } = setUp({ isWatched })
      const changed: (string | undefined)[] = []
      using _ = regPackage.watch(deps, (account) => changed.push(account))
      await register('one')
      assert.deepEqual(changed, isWatched ? [ALICE] : [])
    }
  })

  it('is for the user himself, and for applications that the operator names (§4.6)', async () => {
    const { deps, watcher } = setUp()
    assert.equal((await regPackage.authorize(deps, watcher(ALICE, ALICE))).decision, 'allow')
    assert.equal((await regPackage.authorize(deps, watcher('app@example.net'))).decision, 'allow')
    assert.throws(
      () => regPackage.authorize(deps, watcher(BOB, BOB)),
      (error) => error instanceof SipError && error.status === 403,
    )
  })

  it('lasts 3761 seconds where nobody says for how long (§4.4)', () => {
    assert.equal(regPackage.expires.default, 3761)
  })
})
