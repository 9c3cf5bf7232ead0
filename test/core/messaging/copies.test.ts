/** Which clients of a person get copies (XEP-0280 §6 to §8), whatever protocol the others speak. */
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { type BareJid, requireJid } from '../../../src/core/address.ts'
import type { KeptMessage, OfflineStore } from '../../../src/core/messaging/mailbox.ts'
import {
  type CopyDirection,
  DELIVERED,
  type DeliveryOutcome,
  type InstantMessage,
  refused,
} from '../../../src/core/messaging/message.ts'
import { Messaging } from '../../../src/core/messaging/messaging.ts'
import { type Session, Sessions } from '../../../src/core/sessions.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare

let sessions: Sessions
let kept: KeptMessage[]
let messaging: Messaging

class Client implements Session {
  readonly account: BareJid
  readonly resource: string
  readonly protocol: 'xmpp' | 'sip'
  priority: number | undefined = 0
  takesCopies = false
  readsMailbox = false
  answer: DeliveryOutcome | Promise<DeliveryOutcome> = DELIVERED
  /** Messages and copies, in a few words each. */
  readonly got: string[] = []
  readonly ids: (string | undefined)[] = []

  constructor(account: BareJid, resource: string, more: Partial<Client> = {}) {
    this.account = account
    this.resource = resource
    this.protocol = more.protocol ?? 'xmpp'
    Object.assign(this, more)
    sessions.bind(this)
  }

  deliver({ body = '', stableId }: InstantMessage, isCopy?: boolean) {
    this.got.push(isCopy ? `${body} (also elsewhere)` : body)
    this.ids.push(stableId)
    return this.answer
  }

  copy({ body = '', stableId }: InstantMessage, direction: CopyDirection): void {
    this.got.push(`${direction}: ${body}`)
    this.ids.push(stableId)
  }
}

const COPIES = { takesCopies: true }
const PHONE = { protocol: 'sip' } as const

beforeEach(() => {
  sessions = new Sessions()
  kept = []
  const clock = new FakeClock()
  const offline: OfflineStore = {
    add: async (_account, message) => {
      kept.push({ id: kept.length + 1, message })
      return 'stored'
    },
    list: async (_account, after) => kept.filter(({ id }) => id > after),
    get: async () => [],
    count: async () => kept.length,
    remove: async (_account, ids) => {
      kept = kept.filter(({ id }) => !ids.includes(id))
    },
    clear: async () => undefined,
  }
  messaging = new Messaging({
    sessions,
    offline,
    clock,
    log: silentLog,
    access: testAccess({ clock }),
    accounts: {
      isLocal: (domain) => domain === 'example.com',
      exists: async () => true,
      accountOf: async () => undefined,
    },
  })
})

async function send(
  to: string,
  body: string | undefined,
  { from, ...more }: Partial<Omit<InstantMessage, 'from'>> & { from?: Client | string } = {},
): Promise<string> {
  const sender = typeof from === 'string' ? undefined : from
  const address = sender
    ? sender.protocol === 'sip'
      ? sender.account
      : `${sender.account}/${sender.resource}`
    : from
  const message: InstantMessage = {
    from: requireJid(String(address ?? 'alice@example.com/desk')),
    to: requireJid(to),
    type: 'chat',
    id: undefined,
    thread: undefined,
    subject: undefined,
    body,
    origin: sender?.protocol ?? 'xmpp',
    delayedSince: undefined,
    storable: body !== undefined,
    native: () => undefined,
    ...more,
  }
  const outcome = await messaging.send(message, sender)
  const settled = outcome.kind === 'relayed' ? await outcome.final : outcome
  return settled.kind === 'refused' ? settled.refusal : settled.kind
}

describe('what a person gets', () => {
  it('at one client is copied to those that want copies, and to no others', async () => {
    const desk = new Client(BOB, 'desk')
    const phone = new Client(BOB, 'phone', COPIES)
    const old = new Client(BOB, 'old')
    assert.equal(await send('bob@example.com/desk', 'Hi'), 'delivered')
    assert.deepEqual(
      [desk.got, phone.got, old.got],
      [['Hi (also elsewhere)'], ['received: Hi'], []],
    )
    assert.equal(typeof desk.ids[0], 'string')
    assert.deepEqual(desk.ids, phone.ids)
  })

  it('at all clients is copied to none of them, but to one that wants no messages itself', async () => {
    const desk = new Client(BOB, 'desk', COPIES)
    const phone = new Client(BOB, 'phone', COPIES)
    const negative = new Client(BOB, 'negative', { priority: -1, ...COPIES })
    const silent = new Client(BOB, 'silent', { priority: undefined, ...COPIES })
    await send(BOB, 'Hi')
    assert.deepEqual(desk.got, ['Hi (also elsewhere)'])
    assert.deepEqual(phone.got, ['Hi (also elsewhere)'])
    assert.deepEqual([negative.got, silent.got], [['received: Hi'], ['received: Hi']])
  })

  it('and is not to be copied, is not', async () => {
    const desk = new Client(BOB, 'desk')
    const phone = new Client(BOB, 'phone', COPIES)
    await send('bob@example.com/desk', 'Psst', { isCopied: () => false })
    assert.deepEqual([desk.got, phone.got], [['Psst'], []])
  })

  it('while no client of his takes messages waits for him, under the id of the copies', async () => {
    const negative = new Client(BOB, 'negative', { priority: -1, ...COPIES })
    assert.equal(await send(BOB, 'Hi'), 'stored')
    assert.deepEqual(negative.got, ['received: Hi'])
    assert.equal(kept[0]?.message.stableId, negative.ids[0])
    assert.equal(await send(BOB, undefined), 'dropped')
    assert.deepEqual(negative.got, ['received: Hi', 'received: '])
  })

  it('and refuses is not copied', async () => {
    new Client(BOB, 'gone', { answer: refused('unreachable') })
    const phone = new Client(BOB, 'phone', COPIES)
    assert.equal(await send('bob@example.com/gone', 'Hi'), 'unreachable')
    assert.equal(await send('bob@example.com/nowhere', 'Hi', { type: 'normal' }), 'unreachable')
    assert.deepEqual(phone.got, [])
  })
})

describe('what a person sends', () => {
  it('from one client is copied to the others that want copies, whatever becomes of it', async () => {
    const desk = new Client(ALICE, 'desk', COPIES)
    const phone = new Client(ALICE, 'phone', COPIES)
    const old = new Client(ALICE, 'old')
    const bob = new Client(BOB, 'desk')
    await send(BOB, 'Hi', { from: desk })
    assert.equal(await send('bob@elsewhere.example', 'Far', { from: desk }), 'no-such-domain')
    await send(BOB, 'Psst', { from: desk, isCopied: () => false })
    assert.deepEqual(phone.got, ['sent: Hi', 'sent: Far'])
    assert.deepEqual([desk.got, old.got], [[], []])
    assert.deepEqual(bob.got, ['Hi', 'Psst'])
  })

  it('to himself comes once to each client', async () => {
    const desk = new Client(ALICE, 'desk', COPIES)
    const phone = new Client(ALICE, 'phone', COPIES)
    const tablet = new Client(ALICE, 'tablet', COPIES)
    await send('alice@example.com/phone', 'Note', { from: desk })
    assert.deepEqual(
      [desk.got, phone.got, tablet.got],
      [[], ['Note (also elsewhere)'], ['received: Note']],
    )
  })

  it('from a SIP phone is copied once it is taken', async () => {
    const sip = new Client(ALICE, 'sip', PHONE)
    const desk = new Client(ALICE, 'desk', COPIES)
    assert.equal(await send(BOB, 'Hi', { from: sip }), 'stored')
    assert.equal(await send('bob@elsewhere.example', 'Far', { from: sip }), 'no-such-domain')
    assert.deepEqual(desk.got, ['sent: Hi'])
  })

  it('from a phone that is not registered is copied, too', async () => {
    const desk = new Client(ALICE, 'desk', COPIES)
    await send(BOB, 'Hi', { from: 'alice@example.com', origin: 'sip' })
    assert.deepEqual(desk.got, ['sent: Hi'])
  })
})

describe('a conversation that lives at a SIP phone', () => {
  let sip: Client
  let desk: Client

  beforeEach(async () => {
    sip = new Client(BOB, 'sip', PHONE)
    desk = new Client(BOB, 'desk', COPIES)
    await send(ALICE, 'I am here', { from: sip })
    kept = []
  })

  it('is copied to his XMPP clients, at once', async () => {
    sip.answer = Promise.resolve(DELIVERED)
    assert.equal(await send(BOB, 'Good'), 'delivered')
    assert.deepEqual(sip.got, ['Good (also elsewhere)'])
    assert.deepEqual(desk.got, ['sent: I am here', 'received: Good'])
  })

  it('is there for good where the phone is gone: what was copied is not given again', async () => {
    sip.answer = Promise.resolve(refused('timeout'))
    assert.equal(await send(BOB, 'Still there?'), 'delivered')
    assert.deepEqual(desk.got, ['sent: I am here', 'received: Still there?'])
    assert.deepEqual(kept, [])
  })

  it('goes on at his other clients where the phone is gone and they take no copies', async () => {
    desk.takesCopies = false
    sip.answer = Promise.resolve(refused('timeout'))
    assert.equal(await send(BOB, 'Still there?'), 'delivered')
    assert.deepEqual(desk.got, ['sent: I am here', 'Still there?'])
    assert.deepEqual(kept, [])
  })

  it('sends what has no text to his XMPP clients', async () => {
    await send(BOB, undefined)
    assert.deepEqual(desk.got, ['sent: I am here', ' (also elsewhere)'])
  })
})

describe('somebody who reads what waits message by message (XEP-0013 §2.2)', () => {
  it('is not flooded, nor are his other clients meanwhile', async () => {
    await send(BOB, 'One')
    const reader = new Client(BOB, 'reader', { readsMailbox: true })
    const other = new Client(BOB, 'other')
    await messaging.drainOffline(reader)
    await messaging.drainOffline(other)
    assert.deepEqual([reader.got, other.got, kept.length], [[], [], 1])
    await send(BOB, 'Two')
    assert.deepEqual(other.got, ['Two (also elsewhere)'])
    sessions.unbind(reader)
    await messaging.drainOffline(other)
    assert.deepEqual(other.got, ['Two (also elsewhere)', 'One'])
  })
})
