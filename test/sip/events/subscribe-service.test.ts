import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { bareJid } from '../../../src/core/address.ts'
import { type Access, EVERYTHING } from '../../../src/core/presence/access/access.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type {
  EventPackage,
  ServedPackage,
  State,
  Viewing,
} from '../../../src/sip/events/event-package.ts'
import type { SubscriptionStatus, TerminationReason } from '../../../src/sip/events/notify.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { RESTORE_DELAY_MS, RESTORE_SPREAD_MS } from '../../../src/sip/events/restoration.ts'
import { SubscribeBody } from '../../../src/sip/events/subscribe-body.ts'
import type {
  Served,
  SubscribeService,
  Wanted,
  WatchRegister,
} from '../../../src/sip/events/subscribe-service.ts'
import type { Subscription } from '../../../src/sip/events/subscription.ts'
import type { Watch } from '../../../src/sip/events/watch.ts'
import { inDialog, STATE, setUp } from './notifier-rig.ts'
import { ALICE, BOB, settle } from './support.ts'

const TYPE = 'text/x-names'
const names = new SubscribeBody({ contentType: TYPE }, (content) => content.toString().split(' '))

/** A list in its simplest form: whoever the body names, told of as `name version`. */
class Names implements SubscribeService {
  readonly name = 'names'
  readonly viewings: Viewing[] = []
  members: Watch[] = []
  gone = false
  changes = 0
  ended: TerminationReason | undefined

  readonly package: EventPackage & { readonly service: ServedPackage } = {
    ...presencePackage,
    contentTypes: ['text/plain'],
    bodies: [names],
    authorize: (): Access => ({ decision: 'allow', visible: EVERYTHING, asks: false }),
    render: (_deps, { asked }, viewing) => {
      this.viewings.push(viewing)
      const text = `${names.of(asked)?.join(' ')} ${this.changes}`
      const state: State = {
        equals: (other: State) => String(other) === text,
        toString: () => text,
      }
      const rendered = { body: Buffer.from(text), state, contentType: 'text/plain;b=1' }
      return { ...rendered, headers: [['Require', 'eventlist']] }
    },
    service: {
      name: 'names',
      refreshed: ({ asked }) => {
        if (names.of(asked)?.includes('nobody')) throw new SipError(404)
      },
      ended: ({ reason }) => {
        this.ended = reason
        for (const member of this.members) this.#register?.remove(member)
      },
    },
  }
  #register: WatchRegister | undefined

  async claim(wanted: Wanted): Promise<Served | undefined> {
    return names.of(wanted.asked) ? this.#serve(wanted) : undefined
  }

  async restore(wanted: Wanted): Promise<Served | undefined> {
    return this.gone ? undefined : this.#serve(wanted)
  }

  #serve({ watcher, asked }: Wanted): Served {
    return {
      package: this.package,
      presentity: watcher.account ?? BOB,
      begin: (subscription, register) => {
        this.#register = register
        this.members = (names.of(asked) ?? []).map((name) => this.#member(subscription, name))
        for (const member of this.members) register.add(member)
      },
    }
  }

  #member(list: Subscription, name: string): Watch {
    const presentity = bareJid(name, 'example.com') ?? ALICE
    const status: SubscriptionStatus = 'active'
    const { watcher, createdAt, expiresAt, displayName } = list
    const subject = { presentity, watcher, entity: `sip:${presentity}` }
    const access: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
    const changed = () => {
      this.changes += 1
      list.changed()
    }
    return {
      ...{ id: name, package: presencePackage, presentity, watcher, subject, access, status },
      ...{ reason: 'timeout', createdAt, expiresAt, displayName, changed },
      doubt: () => undefined,
      reconsider: async () => undefined,
      terminate: changed,
    }
  }
}

const BODY: [string, string][] = [
  ['Content-Type', TYPE],
  ['Accept', 'text/plain'],
]

function listed(body = 'alice carol') {
  return { uri: 'sip:bob-friends@example.com', body, headers: BODY }
}

async function begun() {
  const service = new Names()
  const it = setUp({ services: [service] })
  const tx = await it.subscribe(listed())
  return { ...it, service, tx }
}

describe('a SUBSCRIBE that a service claims', () => {
  test('is answered by its package, whoever the request-URI names', async () => {
    const { tx, userAgent } = await begun()
    assert.equal(tx.status, 200)
    const { request } = userAgent.last
    assert.equal(request.body.toString(), 'alice carol 0')
    assert.equal(request.headers.get('Content-Type'), 'text/plain;b=1')
    assert.equal(request.headers.get('Require'), 'eventlist')
    assert.equal(request.headers.get('Event'), 'presence')
  })

  test('is told of each member’s changes, with what the watcher knows', async () => {
    const { userAgent, says, service } = await begun()
    await userAgent.last.answer(200)
    says('busy')
    assert.equal(userAgent.last.request.body.toString(), 'alice carol 1')
    assert.deepEqual(
      service.viewings.map(({ version }) => version),
      [0, 1],
    )
    assert.deepEqual(
      service.viewings.map(({ known }) => known?.toString()),
      [undefined, 'alice carol 0'],
    )
  })

  test('keeps to a rate for all of them together (RFC 6446 §5.4)', async () => {
    const it = setUp({ services: [new Names()] })
    await it.subscribe(listed(), undefined, 'presence;max-rate=0.1')
    assert.equal(it.userAgent.last.request.headers.get(STATE), 'active;expires=3600;max-rate=0.1')
    await it.userAgent.last.answer(200)
    it.says('busy')
    it.says('away')
    it.clock.advance(9_999)
    assert.equal(it.userAgent.sent.length, 1)
    it.clock.advance(1)
    assert.equal(it.userAgent.sent.length, 2)
    assert.equal(it.userAgent.last.request.body.toString(), 'alice carol 2')
  })

  test('is rendered in full after a failure, and after a refresh', async () => {
    const { userAgent, says, service, subscribe, tx, clock } = await begun()
    await userAgent.last.answer(200)
    says('busy')
    await userAgent.last.answer(503)
    clock.advance(60_000)
    assert.equal(service.viewings.at(-1)?.known, undefined)
    await userAgent.last.answer(200)
    const refresh = { ...listed('alice'), ...inDialog(tx, 2) }
    assert.equal((await subscribe(refresh)).status, 200)
    assert.equal(userAgent.last.request.body.toString(), 'alice 1')
    assert.equal(service.viewings.at(-1)?.known, undefined)
  })

  test('keeps what it asked for where a refresh is refused', async () => {
    const { userAgent, subscribe, tx, says } = await begun()
    await userAgent.last.answer(200)
    const refused = await subscribe({ ...listed('nobody'), ...inDialog(tx, 2) })
    assert.equal(refused.status, 404)
    says('away')
    assert.equal(userAgent.last.request.body.toString(), 'alice carol 1')
  })

  test('ends with its members', async () => {
    const { userAgent, subscribe, tx, service, table } = await begun()
    assert.equal(table.of(ALICE).length, 1)
    await userAgent.last.answer(200)
    await subscribe({
      ...inDialog(tx, 2),
      headers: [
        ['Expires', '0'],
        ['Accept', 'text/plain'],
      ],
    })
    assert.equal(service.ended, 'timeout')
    assert.equal(table.of(ALICE).length, 0)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
  })

  test('is refused where it accepts no document of the service', async () => {
    const { subscribe } = await begun()
    const tx = await subscribe({
      ...listed(),
      headers: [
        ['Content-Type', TYPE],
        ['Accept', 'text/html'],
      ],
    })
    assert.equal(tx.status, 406)
  })
})

describe('a SUBSCRIBE that no service claims', () => {
  test('is its package’s own, which takes other bodies', async () => {
    const { subscribe } = await begun()
    assert.equal((await subscribe()).status, 200)
    const tx = await subscribe({ body: 'x', headers: [['Content-Type', 'text/x-other']] })
    assert.equal(tx.status, 415)
  })
})

describe('over a restart', () => {
  async function restarted(gone: boolean) {
    const before = await begun()
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    const service = new Names()
    service.gone = gone
    const after = setUp({ store: before.store, clock: before.clock, services: [service] })
    await after.notifier.restore()
    after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    await settle()
    return { ...after, service }
  }

  test('the service takes it up again with what it asked for', async () => {
    const { userAgent, says, table } = await restarted(false)
    assert.equal(userAgent.last.request.body.toString(), 'alice carol 0')
    assert.equal(table.of(ALICE).length, 1)
    await userAgent.last.answer(200)
    says('busy')
    assert.equal(userAgent.last.request.body.toString(), 'alice carol 1')
  })

  test('a resource that is there no more ends it, and nothing else is shown', async () => {
    const { userAgent } = await restarted(true)
    const { request } = userAgent.last
    assert.equal(request.headers.get(STATE), 'terminated;reason=noresource')
    assert.equal(request.body.length, 0)
    assert.equal(request.headers.get('Content-Type'), undefined)
  })
})
