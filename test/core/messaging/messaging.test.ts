import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import type { KeptMessage, OfflineStore } from '../../../src/core/messaging/mailbox.ts'
import type {
  DeliveryOutcome,
  InstantMessage,
  MessageType,
} from '../../../src/core/messaging/message.ts'
import { DELIVERED, refused } from '../../../src/core/messaging/message.ts'
import { Messaging } from '../../../src/core/messaging/messaging.ts'
import type { AccessControl } from '../../../src/core/presence/access/access-control.ts'
import { type Session, Sessions } from '../../../src/core/sessions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com/desk')
const BOB = requireJid('bob@example.com').bare

class Client implements Session {
  readonly account: BareJid
  readonly resource: string
  readonly protocol: 'xmpp' | 'sip'
  priority: number | undefined
  readonly got: string[] = []
  answer: DeliveryOutcome | Promise<DeliveryOutcome> = DELIVERED
  flushed?: () => Promise<boolean>

  constructor(
    account: BareJid,
    resource: string,
    priority: number | undefined,
    protocol: 'xmpp' | 'sip' = 'xmpp',
  ) {
    this.account = account
    this.resource = resource
    this.priority = priority
    this.protocol = protocol
    sessions.bind(this)
  }

  deliver(message: InstantMessage): DeliveryOutcome | Promise<DeliveryOutcome> {
    this.got.push(message.body ?? '')
    return this.answer
  }
}

/** Keeps messages in order in memory; a test can hold it back to see what happens meanwhile. */
class Mailbox implements OfflineStore {
  kept: (KeptMessage & { account: BareJid })[] = []
  limit = 100
  gate: Promise<void> = Promise.resolve()
  #next = 1

  async add(account: BareJid, message: InstantMessage): Promise<'stored' | 'full'> {
    await this.gate
    if (this.kept.length >= this.limit) return 'full'
    this.kept.push({ id: this.#next++, account, message })
    return 'stored'
  }

  async list(account: BareJid, afterId: number, limit: number): Promise<KeptMessage[]> {
    return this.kept.filter((one) => one.account === account && one.id > afterId).slice(0, limit)
  }

  async get(account: BareJid, ids: readonly number[]): Promise<KeptMessage[]> {
    return this.kept.filter((one) => one.account === account && ids.includes(one.id))
  }

  async count(account: BareJid): Promise<number> {
    return this.kept.filter((one) => one.account === account).length
  }

  async clear(account: BareJid): Promise<void> {
    this.kept = this.kept.filter((one) => one.account !== account)
  }

  async remove(_account: BareJid, ids: readonly number[]): Promise<void> {
    this.kept = this.kept.filter((one) => !ids.includes(one.id))
  }
}

let sessions: Sessions
let mailbox: Mailbox
let messaging: Messaging
let clock: FakeClock
let access: AccessControl

beforeEach(() => {
  sessions = new Sessions()
  mailbox = new Mailbox()
  clock = new FakeClock()
  access = testAccess({ clock })
  messaging = new Messaging({
    sessions,
    offline: mailbox,
    clock,
    log: silentLog,
    access,
    accounts: {
      isLocal: (domain) => domain === 'example.com',
      exists: async (account) => account === BOB || account === ALICE.bare,
      accountOf: async (address) => (address === '5551234@example.com' ? BOB : undefined),
    },
  })
})

interface More {
  type?: MessageType
  thread?: string
  storable?: boolean
  from?: string
}

function message(to: string, body: string | undefined, more: More = {}): InstantMessage {
  const type = more.type ?? 'chat'
  return {
    from: requireJid(more.from ?? ALICE.full),
    to: requireJid(to),
    type,
    id: undefined,
    thread: more.thread,
    subject: undefined,
    body,
    origin: 'xmpp',
    delayedSince: undefined,
    storable: more.storable ?? (body !== undefined && (type === 'chat' || type === 'normal')),
    native: () => undefined,
  }
}

async function outcomeOf(one: InstantMessage, sender?: Session): Promise<string> {
  const outcome = await messaging.send(one, sender)
  const settled = outcome.kind === 'relayed' ? await outcome.final : outcome
  return settled.kind === 'refused' ? settled.refusal : settled.kind
}

describe('RFC 6121 §8.5.4, table 1', () => {
  const TYPES = ['normal', 'chat', 'groupchat', 'headline'] as const
  /** Rows as in the table: O stored, E refused, S dropped, D to the resource named, A to all non-negative resources. */
  const ROWS: [string, Record<string, number | undefined>, string, string][] = [
    ['no account, bare', {}, 'nobody@example.com', 'E E E S'],
    ['no account, full', {}, 'nobody@example.com/x', 'E E E S'],
    ['no resource, bare', {}, 'bob@example.com', 'O O E S'],
    ['no resource, full', {}, 'bob@example.com/x', 'E O E E'],
    ['a resource not available, bare', { a: undefined }, 'bob@example.com', 'O O E S'],
    ['negative, bare', { a: -1 }, 'bob@example.com', 'O O E S'],
    ['negative, full match', { a: -1 }, 'bob@example.com/a', 'a a a a'],
    ['negative, no match', { a: -1 }, 'bob@example.com/x', 'E O E E'],
    ['one, bare', { a: 0 }, 'bob@example.com', 'a a E a'],
    ['one, full match', { a: 0 }, 'bob@example.com/a', 'a a a a'],
    ['one, no match', { a: 0 }, 'bob@example.com/x', 'E a E E'],
    ['several, bare', { a: 5, b: 0, c: -1 }, 'bob@example.com', 'ab ab E ab'],
    ['several, full match', { a: 5, b: 0 }, 'bob@example.com/b', 'b b b b'],
    ['several, no match', { a: 5, b: 0 }, 'bob@example.com/x', 'E ab E E'],
  ]
  for (const [title, resources, to, cells] of ROWS) {
    for (const [at, expected] of cells.split(' ').entries()) {
      const type = TYPES[at] ?? 'chat'
      it(`${title}, ${type}: ${expected}`, async () => {
        const clients = Object.entries(resources).map(
          ([name, priority]) => new Client(BOB, name, priority),
        )
        const outcome = await outcomeOf(message(to, 'hi', { type }))
        const takers = clients.filter(({ got }) => got.length > 0).map(({ resource }) => resource)
        const seen = { stored: 'O', dropped: 'S', delivered: takers.join('') }[outcome] ?? 'E'
        assert.equal(seen, expected)
      })
    }
  }

  it('never answers an error with anything', async () => {
    for (const to of ['nobody@example.com', 'bob@example.com', 'bob@example.com/x']) {
      assert.equal(await outcomeOf(message(to, 'oops', { type: 'error' })), 'dropped')
    }
  })
})

describe('a conversation', () => {
  it('goes on at the client that answered, thread by thread', async () => {
    const flare = new Client(BOB, 'flare', 0)
    const desk = new Client(BOB, 'desk', 5)
    await outcomeOf(message('bob@example.com', 'A', { thread: 't1' }))
    await outcomeOf(
      message('alice@example.com', 'B', { thread: 't1', from: 'bob@example.com/flare' }),
      flare,
    )
    await outcomeOf(message('bob@example.com', 'C', { thread: 't1' }))
    await outcomeOf(message('bob@example.com', 'D', { thread: 't2' }))
    assert.deepEqual(flare.got, ['A', 'C', 'D'])
    assert.deepEqual(desk.got, ['A', 'D'])
  })

  it('moves when another client answers, and opens again when its client leaves', async () => {
    const flare = new Client(BOB, 'flare', 0)
    const desk = new Client(BOB, 'desk', 0)
    const reply = (client: Client) =>
      outcomeOf(
        message('alice@example.com', 're', { from: `bob@example.com/${client.resource}` }),
        client,
      )
    await reply(flare)
    await outcomeOf(message('bob@example.com', '1'))
    await reply(desk)
    await outcomeOf(message('bob@example.com', '2'))
    sessions.unbind(desk)
    new Client(BOB, 'third', 0)
    await outcomeOf(message('bob@example.com', '3'))
    assert.deepEqual(flare.got, ['1', '3'])
    assert.deepEqual(desk.got, ['2'])
  })

  it('is not moved by a chat state, nor by time short of half an hour', async () => {
    const flare = new Client(BOB, 'flare', 0)
    const desk = new Client(BOB, 'desk', 0)
    await outcomeOf(message('alice@example.com', 're', { from: 'bob@example.com/flare' }), flare)
    await outcomeOf(message('alice@example.com', undefined, { from: 'bob@example.com/desk' }), desk)
    clock.advance(29 * 60_000)
    await outcomeOf(message('bob@example.com', '1'))
    clock.advance(31 * 60_000)
    await outcomeOf(message('bob@example.com', '2'))
    assert.deepEqual(flare.got, ['1', '2'])
    assert.deepEqual(desk.got, ['2'])
  })
})

describe('a message', () => {
  it('finds the account by another of its addresses', async () => {
    const desk = new Client(BOB, 'desk', 0)
    assert.equal(await outcomeOf(message('5551234@example.com', 'hi')), 'delivered')
    assert.deepEqual(desk.got, ['hi'])
  })

  it('to a domain that is not ours is refused', async () => {
    assert.equal(await outcomeOf(message('bob@elsewhere.example', 'hi')), 'no-such-domain')
  })

  it('without anything to keep is dropped for an absent user', async () => {
    assert.equal(await outcomeOf(message('bob@example.com', undefined)), 'dropped')
    assert.equal(mailbox.kept.length, 0)
  })

  it('is told of when it comes into the store, and when it leaves it', async () => {
    const changed: string[] = []
    const listening = messaging.mailbox.onChange((account) => changed.push(account))
    await outcomeOf(message('bob@example.com', '1'))
    assert.deepEqual(changed, ['bob@example.com'])
    await messaging.drainOffline(new Client(BOB, 'desk', 0))
    assert.deepEqual(changed, ['bob@example.com', 'bob@example.com'])
    await messaging.mailbox.clear(BOB)
    assert.equal(changed.length, 3)
    listening[Symbol.dispose]()
    await outcomeOf(message('bob@example.com', '2'))
    assert.equal(changed.length, 3)
  })

  it('is refused when the mailbox is full', async () => {
    mailbox.limit = 1
    assert.equal(await outcomeOf(message('bob@example.com', '1')), 'stored')
    assert.equal(await outcomeOf(message('bob@example.com', '2')), 'mailbox-full')
  })

  it('is refused when too many wait for the same absent user', async () => {
    let open = (): void => undefined
    mailbox.gate = new Promise((resolve) => {
      open = resolve
    })
    const sent = Array.from({ length: 1001 }, (_, n) =>
      outcomeOf(message('bob@example.com', `${n}`)),
    )
    assert.equal(await sent[1000], 'overloaded')
    mailbox.limit = 2000
    open()
    assert.deepEqual(new Set(await Promise.all(sent.slice(0, 1000))), new Set(['stored']))
    assert.deepEqual(
      mailbox.kept.map((one) => one.message.body),
      Array.from({ length: 1000 }, (_, n) => `${n}`),
    )
  })
})

describe('what waited', () => {
  it('comes in order when a client is available, and only then leaves the store', async () => {
    mailbox.limit = 1000
    for (let n = 0; n < 250; n++) await outcomeOf(message('bob@example.com', `${n}`))
    const desk = new Client(BOB, 'desk', 0)
    await messaging.drainOffline(desk)
    assert.deepEqual(
      desk.got,
      Array.from({ length: 250 }, (_, n) => `${n}`),
    )
    assert.equal(mailbox.kept.length, 0)
  })

  it('stays for the next time where the client goes away in the middle', async () => {
    await outcomeOf(message('bob@example.com', '1'))
    await outcomeOf(message('bob@example.com', '2'))
    const desk = new Client(BOB, 'desk', 0)
    desk.answer = refused('unreachable')
    await messaging.drainOffline(desk)
    assert.equal(mailbox.kept.length, 2)
  })

  it('stays until it has left the process, and for the next time where that never happens', async () => {
    await outcomeOf(message('bob@example.com', '1'))
    const gone = new Client(BOB, 'gone', 0)
    gone.flushed = async () => false
    await messaging.drainOffline(gone)
    assert.equal(mailbox.kept.length, 1)
    const slow = new Client(BOB, 'slow', 0)
    const flush = Promise.withResolvers<boolean>()
    const asked = Promise.withResolvers<void>()
    slow.flushed = () => {
      asked.resolve()
      return flush.promise
    }
    const draining = messaging.drainOffline(slow)
    await asked.promise
    assert.deepEqual([slow.got, mailbox.kept.length], [['1'], 1])
    flush.resolve(true)
    await draining
    assert.equal(mailbox.kept.length, 0)
    assert.equal(clock.pendingTimers, 0)
  })

  it('stays where the client does not read it in time', async () => {
    await outcomeOf(message('bob@example.com', '1'))
    const stuck = new Client(BOB, 'stuck', 0)
    const asked = Promise.withResolvers<void>()
    stuck.flushed = () => {
      asked.resolve()
      return new Promise(() => undefined)
    }
    const draining = messaging.drainOffline(stuck)
    await asked.promise
    await new Promise(setImmediate)
    clock.advance(30_000)
    await draining
    assert.equal(mailbox.kept.length, 1)
  })

  it('stays for another client where this one refuses it, and the rest comes', async () => {
    await outcomeOf(message('bob@example.com', 'a picture'))
    await outcomeOf(message('bob@example.com', 'text'))
    const phone = new Client(BOB, 'phone', 0, 'sip')
    const taken: string[] = []
    phone.deliver = async ({ body = '' }) => {
      if (body === 'a picture') return refused('not-acceptable')
      taken.push(body)
      return DELIVERED
    }
    await messaging.drainOffline(phone)
    assert.deepEqual(taken, ['text'])
    const desk = new Client(BOB, 'desk', 0)
    await messaging.drainOffline(desk)
    assert.deepEqual(desk.got, ['a picture'])
    assert.equal(mailbox.kept.length, 0)
  })

  it('is handed over when he comes while the message is being stored', async () => {
    let open = (): void => undefined
    mailbox.gate = new Promise((resolve) => {
      open = resolve
    })
    const sent = outcomeOf(message('bob@example.com', 'just now'))
    await new Promise(setImmediate)
    const desk = new Client(BOB, 'desk', 0)
    await messaging.drainOffline(desk)
    open()
    assert.equal(await sent, 'stored')
    assert.deepEqual(desk.got, ['just now'])
    assert.equal(mailbox.kept.length, 0)
  })

  it('keeps its order before a message that comes after', async () => {
    let open = (): void => undefined
    mailbox.gate = new Promise((resolve) => {
      open = resolve
    })
    const first = outcomeOf(message('bob@example.com', 'first'))
    await new Promise(setImmediate)
    const desk = new Client(BOB, 'desk', 0)
    const second = outcomeOf(message('bob@example.com', 'second'))
    open()
    await Promise.all([first, second])
    assert.deepEqual(desk.got, ['first', 'second'])
  })
})

describe('a block (XEP-0191 §3.3)', () => {
  const block = (account: string, watcher: string) =>
    access.put({
      presentity: account,
      watcher,
      level: 'All',
      action: 'block',
      enforced: false,
      refusesMessages: true,
    })

  for (const [title, resources] of [
    ['on line', { a: 0 }],
    ['away', {}],
  ] as const) {
    for (const watcher of [ALICE.bare, '@example.com']) {
      it(`makes somebody who is ${title} look like one who has no client, to ${watcher}`, async () => {
        const clients = Object.keys(resources).map((name) => new Client(BOB, name, 0))
        await block(BOB, watcher)
        for (const to of ['bob@example.com', 'bob@example.com/a', '5551234@example.com']) {
          assert.equal(await outcomeOf(message(to, 'hi')), 'unreachable')
          assert.equal(await outcomeOf(message(to, 'hi', { type: 'headline' })), 'dropped')
          assert.equal(await outcomeOf(message(to, 'hi', { type: 'error' })), 'dropped')
        }
        assert.ok(clients.every(({ got }) => got.length === 0))
        assert.equal(mailbox.kept.length, 0)
      })
    }
  }

  it('lets the one who made it send nothing either', async () => {
    const client = new Client(BOB, 'a', 0)
    await block(ALICE.bare, BOB)
    assert.equal(await outcomeOf(message(BOB, 'hi')), 'forbidden')
    assert.equal(client.got.length, 0)
  })

  it('keeps nobody from his own clients', async () => {
    const client = new Client(BOB, 'a', 0)
    await block(BOB, '@example.com')
    assert.equal(await outcomeOf(message(BOB, 'hi', { from: `${BOB}/b` })), 'delivered')
    assert.deepEqual(client.got, ['hi'])
  })

  it('takes what waited with it', async () => {
    await outcomeOf(message(BOB, 'before'))
    await outcomeOf(message(BOB, 'another', { from: 'carol@example.com/x' }))
    await block(BOB, ALICE.bare)
    const client = new Client(BOB, 'a', 0)
    await messaging.drainOffline(client)
    assert.deepEqual(client.got, ['another'])
    assert.equal(mailbox.kept.length, 0)
  })

  it('is what a domain that is walled off looks like', async () => {
    new Client(BOB, 'a', 0)
    await access.setCrossDomain(false)
    assert.equal(await outcomeOf(message(BOB, 'hi')), 'delivered')
    const from = 'erin@west.example/x'
    assert.equal(await outcomeOf(message(BOB, 'hi', { from })), 'unreachable')
  })
})

describe('SIP bindings', () => {
  it('fork with XMPP clients, which do not wait for them', async () => {
    const desk = new Client(BOB, 'desk', 0)
    const phone = new Client(BOB, 'phone', 0, 'sip')
    phone.answer = new Promise(() => undefined)
    assert.equal(messaging.send(message('bob@example.com', 'hi'), undefined), DELIVERED)
    assert.deepEqual([desk.got, phone.got], [['hi'], ['hi']])
  })

  it('alone give the outcome when they have answered', async () => {
    const phone = new Client(BOB, 'phone', 0, 'sip')
    const other = new Client(BOB, 'other', 0, 'sip')
    phone.answer = Promise.resolve(refused('unreachable'))
    other.answer = Promise.resolve(DELIVERED)
    const outcome = messaging.send(message('bob@example.com', 'hi'), undefined)
    assert.ok(!(outcome instanceof Promise))
    assert.equal(outcome.kind, 'relayed')
    assert.equal(await outcomeOf(message('bob@example.com', 'hi')), 'delivered')
  })

  it('that are gone are an absent user; one that refuses the content is not', async () => {
    const phone = new Client(BOB, 'phone', 0, 'sip')
    phone.answer = Promise.resolve(refused('timeout'))
    assert.equal(await outcomeOf(message('bob@example.com', 'hi')), 'stored')
    phone.answer = Promise.resolve(refused('not-acceptable'))
    assert.equal(await outcomeOf(message('bob@example.com', 'hi')), 'not-acceptable')
    phone.answer = Promise.reject(new Error('a bug'))
    assert.equal(await outcomeOf(message('bob@example.com', 'hi')), 'internal')
  })
})
