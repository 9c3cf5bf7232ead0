/** Who is told what, and how often it is worked out: every watcher’s picture follows his access. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import { NOTHING, type Visibility } from '../../../src/core/presence/access/access.ts'
import type { AccessControl } from '../../../src/core/presence/access/access-control.ts'
import type { NewRule } from '../../../src/core/presence/access/rule.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import { newRosterItem, type RosterItem } from '../../../src/core/presence/roster-item.ts'
import { Sessions } from '../../../src/core/sessions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { Element, xml } from '../../../src/xml/element.ts'
import { LocalSessions } from '../../../src/xmpp/local-sessions.ts'
import { Broadcaster } from '../../../src/xmpp/presence/broadcaster.ts'
import { PresenceSource } from '../../../src/xmpp/presence/presence-source.ts'
import { parseAvailability } from '../../../src/xmpp/presence/presence-stanza.ts'
import { Rosters } from '../../../src/xmpp/roster/rosters.ts'
import { XmppSession } from '../../../src/xmpp/session.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const OWNER = requireJid('owner@corp.example').bare
const CLIENT_WORDS = 'what the client says'
const PHONE_WORDS = 'what the phone says'

/** A person with contacts, their streams, and all that tells them. */
class Rig {
  readonly clock = new FakeClock()
  readonly bound = new Sessions()
  readonly sessions = new LocalSessions(this.bound)
  readonly access: AccessControl
  readonly presence = new PresenceService({ clock: this.clock })
  readonly broadcaster: Broadcaster
  readonly clients: Client[] = []
  /** What nobody should have been sent: thrown at once, it could get lost in a log. */
  readonly faults: string[] = []
  readonly #source = new PresenceSource({
    presence: this.presence,
    clock: this.clock,
    log: silentLog,
  })
  #items: ReadonlyMap<BareJid, RosterItem> = new Map()
  readonly #rosters = new Rosters({
    sessions: this.sessions,
    contacts: {
      peek: () => (this.loading > 0 ? undefined : this.#list),
      get: async () => {
        const list = this.#list
        for (let turn = this.loading; turn > 0; turn -= 1) await undefined
        return list
      },
      update: unexpected,
      exclusive: unexpected,
      changesSince: unexpected,
    },
  })
  readonly #pending = new Set<Promise<unknown>>()
  /** For how many turns the contact list has to be loaded; in memory where 0. */
  loading = 0

  constructor(watchers: readonly { contact: BareJid; byPolicy: boolean }[]) {
    for (const watcher of watchers) this.#put({ ...newRosterItem(watcher.contact), ...watcher })
    this.access = testAccess({ clock: this.clock })
    this.broadcaster = new Broadcaster({
      sessions: this.sessions,
      presence: this.presence,
      access: this.access,
      busyShow: 'dnd',
      avatars: { known: () => undefined },
      rosters: this.#rosters,
    })
    this.presence.subscribe({
      name: 'test',
      presenceChanged: ({ presentity }) => this.track(this.broadcaster.update(presentity)),
    })
    this.access.onChange((change) => this.track(this.broadcaster.accessChanged(change)))
  }

  get #list() {
    return { version: '1', items: this.#items }
  }

  #put(item: RosterItem): void {
    const { contact } = item
    this.#items = new Map(this.#items).set(contact, { ...item, subscription: 'from' })
  }

  /** As the core does it: stored, told, and then the presence that the subscription brings. */
  subscribe(contact: BareJid): void {
    if (this.#items.has(contact)) return
    this.#put(newRosterItem(contact))
    const after = this.#items.get(contact)
    const change = { account: OWNER, contact, version: '2', before: undefined, after }
    this.broadcaster.contactChanged(change)
    this.#rosters.changed(change)
    this.access.grantChanged(OWNER, contact)
    this.track(this.broadcaster.begin(OWNER, contact))
  }

  unsubscribe(contact: BareJid): void {
    const before = this.#items.get(contact)
    if (!before) return
    const items = new Map(this.#items)
    items.delete(contact)
    this.#items = items
    const change = { account: OWNER, contact, version: '3', before, after: undefined }
    this.broadcaster.contactChanged(change)
    this.#rosters.changed(change)
    this.broadcaster.end(OWNER, contact)
    this.access.grantChanged(OWNER, contact)
  }

  track(work: unknown): void {
    if (!(work instanceof Promise)) return
    const tracked = work.finally(() => this.#pending.delete(tracked))
    this.#pending.add(tracked)
  }

  async idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }

  visible(contact: BareJid): Visibility {
    const asker = { address: contact, account: contact, protocol: 'xmpp' } as const
    const item = this.#items.get(contact)
    if (!item || this.access.isRefused(contact, OWNER)) return NOTHING
    return this.access.decide(OWNER, asker, !item.byPolicy).visible
  }

  /** The owner’s client shows itself, or goes. */
  client(resource: string, stanza: Element | undefined): void {
    let session = this.sessions.get(OWNER, resource)
    if (!session) {
      session = new XmppSession(requireJid(`${OWNER}/${resource}`), new Client(this, OWNER).wire)
      this.bound.bind(session)
    }
    session.presence = stanza
    if (stanza) this.#source.report(session, parseAvailability(stanza))
    else this.#source.withdraw(session)
    this.track(this.broadcaster.update(OWNER))
  }

  phone(busy: boolean | undefined): void {
    if (busy === undefined) this.presence.withdraw(OWNER, 'sip/phone')
    else this.#ring(busy)
  }

  #ring(busy: boolean): void {
    this.presence.report({
      presentity: OWNER,
      source: 'sip/phone',
      until: undefined,
      observations: [
        {
          id: 'p',
          class: 'phone',
          basic: 'open',
          activity: busy ? 'on-a-call' : 'available',
          manual: false,
          note: PHONE_WORDS,
          since: this.clock.now(),
        },
      ],
    })
  }

  /** A contact’s client comes, as the presence handler lets it. */
  arrive(contact: BareJid, resource: string): void {
    if (this.sessions.get(contact, resource)) return
    const client = new Client(this, contact)
    this.clients.push(client)
    const session = new XmppSession(requireJid(`${contact}/${resource}`), client.wire)
    client.session = session
    this.bound.bind(session)
    session.awaiting = 'all'
    session.presence = xml('presence', { xmlns: 'jabber:client' })
    this.track(this.#settleIn(session))
  }

  async #settleIn(session: XmppSession): Promise<void> {
    await undefined
    session.awaiting = new Set([OWNER])
    await this.broadcaster.show(session, OWNER)
    session.awaiting = undefined
  }

  leave(contact: BareJid, resource: string): void {
    const session = this.sessions.get(contact, resource)
    if (!session) return
    session.presence = undefined
    this.bound.unbind(session)
    const at = this.clients.findIndex((client) => client.session === session)
    this.clients.splice(at, 1)
  }
}

function unexpected(): never {
  throw new Error('a broadcast changes no contact list')
}

/** A contact’s stream: keeps the picture that it draws, and checks each stanza as it comes. */
class Client {
  session: XmppSession | undefined
  readonly picture = new Map<string, string>()
  readonly #rig: Rig
  readonly #contact: BareJid

  constructor(rig: Rig, contact: BareJid) {
    this.#rig = rig
    this.#contact = contact
  }

  readonly wire = {
    write: (text: string) => {
      this.#read(text)
      return true
    },
    flushed: async () => true,
    close: () => undefined,
  }

  #read(text: string): void {
    const resource = /from='[^/]+\/([^']+)'/.exec(text)?.[1] ?? ''
    if (text.includes(`type='unavailable'`)) {
      if (!this.picture.delete(resource)) this.#rig.faults.push(`never shown: ${text}`)
      return
    }
    const visible = this.#rig.visible(this.#contact)
    const isOfClient = resource !== 'heliograph' || text.includes(CLIENT_WORDS)
    const fits =
      visible !== NOTHING &&
      (!isOfClient || visible.sees('enterprise-im')) &&
      (!text.includes(PHONE_WORDS) || visible.sees('phone'))
    if (!fits) this.#rig.faults.push(`${this.#contact} sees ${visible.key}: ${text}`)
    this.picture.set(resource, text.replace(/ to='[^']*'/, ''))
  }

  get expected(): Map<string, string> {
    const visible = this.#rig.visible(this.#contact)
    const now = this.#rig.broadcaster.current(OWNER, visible)
    return new Map([...now].map(([resource, { text }]) => [resource, text]))
  }
}

function available(resource: string, show?: string): Element {
  return xml(
    'presence',
    { xmlns: 'jabber:client', from: `${OWNER}/${resource}` },
    show === undefined ? undefined : xml('show', {}, show),
    xml('status', {}, CLIENT_WORDS),
  )
}

const WATCHERS = ['ann', 'ben', 'cid'].map((name) => requireJid(`${name}@corp.example`).bare)

/** What may be said of a watcher: nothing, everything, a part, a question, a block. */
const PROFILES: readonly Pick<NewRule, 'level' | 'action'>[][] = [
  [],
  [{ level: 'All', action: 'allow' }],
  [
    { level: 'Telephony', action: 'allow' },
    { level: 'All', action: 'block' },
  ],
  [
    { level: 'Clients', action: 'allow' },
    { level: 'All', action: 'confirm' },
  ],
  [{ level: 'All', action: 'confirm' }],
  [{ level: 'All', action: 'block' }],
]

describe('a watcher’s picture', () => {
  const watcher = fc.constantFrom(...WATCHERS)
  const op = fc.oneof(
    fc.record({
      do: fc.constant('client' as const),
      resource: fc.constantFrom('desk', 'tablet'),
      show: fc.constantFrom(undefined, 'none', 'dnd', 'away'),
    }),
    fc.record({ do: fc.constant('phone' as const), busy: fc.constantFrom(undefined, true, false) }),
    fc.record({
      do: fc.constant('rule' as const),
      watcher: fc.oneof({ weight: 3, arbitrary: watcher }, fc.constant('*')),
      rules: fc.constantFrom(...PROFILES),
    }),
    fc.record({
      do: fc.constant('stream' as const),
      watcher,
      resource: fc.constantFrom('one', 'two'),
      arrives: fc.boolean(),
    }),
    fc.record({ do: fc.constant('refuse' as const), watcher, refuses: fc.boolean() }),
    fc.record({ do: fc.constant('contact' as const), watcher, watches: fc.boolean() }),
    fc.record({ do: fc.constant('cache' as const), turns: fc.nat({ max: 12 }) }),
    fc.record({ do: fc.constant('idle' as const) }),
  )
  type Op = typeof op extends fc.Arbitrary<infer T> ? T : never

  function apply(rig: Rig, one: Op): void | Promise<void> {
    switch (one.do) {
      case 'client': {
        const { resource, show } = one
        const stanza = available(resource, show === 'none' ? undefined : show)
        return rig.client(resource, show === undefined ? undefined : stanza)
      }
      case 'phone':
        return rig.phone(one.busy)
      case 'rule': {
        const pair = { presentity: OWNER, watcher: one.watcher, enforced: false }
        const put = one.rules.map((rule) => ({ ...pair, ...rule, refusesMessages: false }))
        return rig.track(rig.access.replace({ remove: [pair], put }))
      }
      case 'refuse': {
        const pair = { presentity: one.watcher, watcher: OWNER, enforced: false }
        const rule = { ...pair, level: 'All', action: 'block', refusesMessages: true } as const
        return rig.track(
          one.refuses ? rig.access.put(rule) : rig.access.removeAll({ presentity: one.watcher }),
        )
      }
      case 'stream':
        if (one.arrives) return rig.arrive(one.watcher, one.resource)
        return rig.leave(one.watcher, one.resource)
      case 'contact':
        if (one.watches) return rig.subscribe(one.watcher)
        return rig.unsubscribe(one.watcher)
      case 'cache':
        rig.loading = one.turns
        return
      case 'idle':
        return rig.idle()
    }
  }

  it('is what he may see, and no stanza on the way says more, whatever happens when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(op, { maxLength: 60, size: 'max' }), async (ops) => {
        const rig = new Rig(WATCHERS.map((contact, at) => ({ contact, byPolicy: at === 0 })))
        await rig.access.putLevel({
          name: 'Clients',
          classes: ['enterprise-im'],
          inverted: false,
        })
        for (const one of ops) {
          await apply(rig, one)
          rig.clock.advance(1)
        }
        await rig.idle()
        assert.deepEqual(rig.faults, [])
        for (const client of rig.clients) assert.deepEqual(client.picture, client.expected)
      }),
      { numRuns: 400 },
    )
  })
})

describe('a broadcast', () => {
  /** Counts how often it is written out. */
  class CountedElement extends Element {
    written = 0
    override toString(parentNs?: string): string {
      this.written += 1
      return super.toString(parentNs)
    }
  }

  it('to the watchers of one view is written out once, however many they are', async () => {
    const watchers = Array.from({ length: 300 }, (_, at) => ({
      contact: requireJid(`u${at}@corp.example`).bare,
      byPolicy: false,
    }))
    const rig = new Rig(watchers)
    for (const { contact } of watchers) rig.arrive(contact, 'desk')
    await rig.idle()
    const words = available('desk')
    const stanza = new CountedElement(words.name, words.ns, words.attrs, words.children)
    rig.client('desk', stanza)
    assert.equal(stanza.written, 1)
    assert.ok(rig.clients.every(({ picture }) => picture.get('desk')?.includes(CLIENT_WORDS)))

    // A third of them may see the telephone only: of nothing more is made than of one.
    rig.phone(true)
    const rule = { presentity: OWNER, enforced: false, refusesMessages: false } as const
    await rig.access.putAll(
      watchers.slice(0, 100).flatMap(({ contact }) => [
        { ...rule, watcher: contact, level: 'Telephony', action: 'allow' as const },
        { ...rule, watcher: contact, level: 'All', action: 'block' as const },
      ]),
    )
    const shown = new Set(rig.clients.slice(0, 100).map(({ picture }) => [...picture].join()))
    assert.equal(shown.size, 1)
    assert.match([...shown].join(), /^heliograph,.*what the phone says/)
  })
})
