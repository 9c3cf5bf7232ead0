/** When mails go, to whom, and what becomes of messages whose mail does not. */
import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { type BareJid, requireJid } from '../../src/core/address.ts'
import { DELIVERED, type InstantMessage } from '../../src/core/messaging/message.ts'
import { type Session, Sessions } from '../../src/core/sessions.ts'
import { offlineStore } from '../../src/server/stores.ts'
import type { Mail } from '../../src/smtp/mail.ts'
import { MailForwarding } from '../../src/smtp/mail-forwarding.ts'
import type { MailOutcome } from '../../src/smtp/mailer.ts'
import type { MailRoute } from '../../src/smtp/route.ts'
import { OfflineMail } from '../../src/storage/stores/offline-mail.ts'
import { silentLog } from '../../src/util/log.ts'
import { disposeAfter, eachDatabase, type OpenDatabase } from '../support/databases.ts'
import { openTestDirectory } from '../support/directory.ts'
import { testRoute } from './route.ts'

const BOB = requireJid('bob@corp.example').bare
const CAROL = requireJid('carol@corp.example').bare
const ERIN = requireJid('erin@west.example').bare
const MINUTE = 60_000

const SENT: MailOutcome = { kind: 'sent' }

async function start(t: TestContext, open: OpenDatabase, changes: Partial<MailRoute> = {}) {
  const { database, directory, clock } = await openTestDirectory(t, open)
  for (const account of ['alice@corp.example', BOB, CAROL, ERIN])
    await directory.addUser({ account })
  await directory.updateUser(requireJid('alice@corp.example').bare, { name: 'Alice' })
  await directory.addAddress(BOB, { type: 'exchange', value: 'bob@mail.example' })
  const sessions = new Sessions()
  const mails: Mail[] = []
  const tried: Mail[] = []
  const state = { outcome: SENT, gate: Promise.resolve(), blocked: false }
  const mailer = {
    async send(mail: Mail, signal: AbortSignal): Promise<MailOutcome> {
      tried.push(mail)
      const aborted = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => resolve()),
      )
      await Promise.race([state.gate, aborted])
      if (signal.aborted) return { kind: 'unavailable', reason: 'aborted' }
      if (state.outcome.kind === 'sent') mails.push(mail)
      return state.outcome
    },
  }
  const store = new OfflineMail(database.kysely)
  const openForwarding = () =>
    MailForwarding.open([testRoute(changes)], {
      ...{ clock, log: silentLog, sessions, directory, store },
      access: { mayExchangeMessages: () => !state.blocked },
      mailer: () => mailer,
    })
  let forwarding = disposeAfter(t, await openForwarding())
  const inbox = await offlineStore(database.kysely, 1000, {
    dueAt: (...args) => forwarding.dueAt(...args),
    wakeAt: (...args) => forwarding.wakeAt(...args),
  })
  return {
    ...{ directory, sessions, mails, tried, state, clock, inbox },
    leave: (to: BareJid, body: string, more: Partial<InstantMessage> = {}) =>
      inbox.add(to, message(to, body, more), clock.now()),
    count: (account: BareJid) => inbox.count(account),
    /** Moves time, and waits until what is then due has been worked on. */
    async pass(ms: number) {
      clock.advance(ms)
      await forwarding.idle()
      // What fell due on the way.
      clock.advance(0)
      await forwarding.idle()
    },
    idle: () => forwarding.idle(),
    async restart() {
      await forwarding[Symbol.asyncDispose]()
      forwarding = disposeAfter(t, await openForwarding())
    },
  }
}

function message(to: BareJid, body: string, more: Partial<InstantMessage>): InstantMessage {
  return {
    from: requireJid('alice@corp.example/desk'),
    to: requireJid(to),
    type: 'chat',
    id: undefined,
    thread: undefined,
    subject: undefined,
    body,
    origin: 'xmpp',
    delayedSince: undefined,
    storable: true,
    native: () => undefined,
    ...more,
  }
}

function session(account: BareJid, protocol: 'xmpp' | 'sip' = 'xmpp'): Session {
  return { account, resource: 'r', protocol, priority: -1, deliver: () => DELIVERED }
}

eachDatabase((_kind, open) => {
  describe('a message that waits', () => {
    it('goes by e-mail when it has waited for so long, with the others of its sender', async (t) => {
      const system = await start(t, open)
      await system.leave(BOB, 'One')
      await system.pass(MINUTE)
      await system.leave(BOB, 'Two', { from: requireJid('erin@west.example/x') })
      await system.pass(4 * MINUTE - 1)
      assert.equal(system.mails.length, 0)
      await system.leave(BOB, 'Three')
      await system.pass(1)
      assert.deepEqual(
        system.mails.map(({ subject, to }) => `${to.address}: ${subject}`),
        ['bob@mail.example: Message from Alice'],
      )
      assert.match(system.mails[0]?.text ?? '', /\n\nOne\n/)
      assert.equal(await system.count(BOB), 2, 'what is mailed waits no more')
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 3)
      assert.equal(await system.count(BOB), 0)
    })

    it('goes with those that are due at the same time', async (t) => {
      const system = await start(t, open)
      for (const body of ['One', 'Two']) await system.leave(BOB, body)
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 1)
      assert.match(system.mails[0]?.text ?? '', /2 messages .*One.*Two/s)
    })

    it('goes at once where the domain wants so', async (t) => {
      const system = await start(t, open, { afterMs: 0 })
      await system.leave(BOB, 'One')
      await system.pass(0)
      assert.equal(system.mails.length, 1)
    })

    it('is still delivered when he signs in where the domain wants so, and mailed once', async (t) => {
      const system = await start(t, open, { keep: true })
      await system.leave(BOB, 'One')
      await system.pass(5 * MINUTE)
      await system.pass(60 * MINUTE)
      assert.equal(system.mails.length, 1)
      assert.equal(await system.count(BOB), 1)
    })

    it('only waits where it is nothing to read, off the record, or a mail that came back', async (t) => {
      const system = await start(t, open)
      await system.leave(BOB, ' ')
      await system.leave(BOB, '', { body: undefined })
      await system.leave(BOB, 'Psst', { offTheRecord: true })
      await system.leave(BOB, 'Too late', { expiresAt: system.clock.now() + MINUTE })
      await system.leave(BOB, 'First')
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 1)
      await system.leave(BOB, `I am away. You wrote:\n> ${system.mails[0]?.text}`)
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 1)
      assert.equal(await system.count(BOB), 5)
    })

    it('only waits for who has no address, may not sign in, has blocked the sender, or is elsewhere', async (t) => {
      const system = await start(t, open)
      await system.leave(CAROL, 'No address')
      await system.leave(ERIN, 'Another domain')
      await system.pass(5 * MINUTE)
      await system.leave(BOB, 'Blocked')
      system.state.blocked = true
      await system.pass(5 * MINUTE)
      system.state.blocked = false
      await system.leave(BOB, 'Disabled')
      await system.directory.updateUser(BOB, { disabled: true })
      await system.pass(5 * MINUTE)
      await system.pass(60 * MINUTE)
      assert.equal(system.mails.length, 0)
      const counts = await Promise.all([CAROL, ERIN, BOB].map((one) => system.count(one)))
      assert.deepEqual(counts, [1, 1, 2])
    })

    it('is not mailed while a client of his is there, a phone that takes no messages apart', async (t) => {
      const system = await start(t, open)
      const reader = session(BOB)
      system.sessions.bind(reader)
      await system.leave(BOB, 'One')
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 0)
      system.sessions.unbind(reader)
      system.sessions.bind(session(BOB, 'sip'))
      await system.pass(5 * MINUTE)
      assert.equal(system.mails.length, 1)
    })

    it('is not mailed where he has got it while others were', async (t) => {
      const system = await start(t, open, { accountIsAddress: true })
      await system.leave(CAROL, 'For Carol')
      await system.leave(BOB, 'For Bob')
      const gate = Promise.withResolvers<void>()
      system.state.gate = gate.promise
      system.clock.advance(5 * MINUTE)
      while (system.tried.length === 0) await new Promise((resolve) => setImmediate(resolve))
      await system.inbox.clear(BOB)
      gate.resolve()
      await system.idle()
      assert.deepEqual(
        system.mails.map(({ to }) => to.address),
        ['carol@corp.example'],
      )
    })
  })

  describe('mails', () => {
    it('to one user are so many an hour; what comes above that goes together', async (t) => {
      const system = await start(t, open, { afterMs: 0, perHour: 3 })
      for (let at = 0; at < 10; at += 1) {
        await system.leave(BOB, `m${at}`)
        await system.pass(MINUTE)
      }
      assert.equal(system.mails.length, 3)
      assert.equal(await system.count(BOB), 7)
      await system.pass(60 * MINUTE)
      assert.equal(system.mails.length, 4)
      assert.match(system.mails[3]?.text ?? '', /7 messages/)
      assert.equal(await system.count(BOB), 0)
    })

    it('that a server takes later are tried again, ever more rarely, and given up after days', async (t) => {
      const system = await start(t, open)
      await system.leave(BOB, 'One')
      system.state.outcome = { kind: 'later', reason: '451 greylisted' }
      await system.pass(5 * MINUTE)
      assert.equal(system.tried.length, 1)
      await system.pass(MINUTE)
      assert.equal(system.tried.length, 2)
      await system.pass(MINUTE)
      assert.equal(system.tried.length, 2)
      await system.restart()
      for (let hour = 0; hour < 24 * 5; hour += 1) await system.pass(60 * MINUTE)
      assert.equal(system.tried.length, 18)
      assert.equal(new Set(system.tried.map(({ messageId }) => messageId)).size, 1)
      assert.equal(await system.count(BOB), 1, 'it waits for him')
    })

    it('that a server refuses are not tried again, and others are not held up by them', async (t) => {
      const system = await start(t, open, { accountIsAddress: true })
      await system.leave(BOB, 'One')
      system.state.outcome = { kind: 'refused', reason: '550 no such user' }
      await system.pass(5 * MINUTE)
      system.state.outcome = SENT
      await system.leave(CAROL, 'Two')
      await system.pass(60 * MINUTE)
      assert.equal(system.tried.length, 2)
      assert.equal(await system.count(BOB), 1)
      assert.equal(await system.count(CAROL), 0)
    })

    it('wait for a server that is not there, all of them together', async (t) => {
      const system = await start(t, open, { accountIsAddress: true })
      system.state.outcome = { kind: 'unavailable', reason: 'ECONNREFUSED' }
      await system.leave(BOB, 'One')
      await system.leave(CAROL, 'Two')
      await system.pass(5 * MINUTE)
      assert.equal(system.tried.length, 1, 'one attempt says it for all')
      await system.pass(MINUTE)
      await system.pass(MINUTE)
      assert.equal(system.tried.length, 2)
      system.state.outcome = SENT
      await system.pass(MINUTE)
      assert.equal(system.mails.length, 2)
      assert.equal((await system.count(BOB)) + (await system.count(CAROL)), 0)
    })

    it('outlive the process, and let clients come back first when it starts', async (t) => {
      const system = await start(t, open)
      await system.leave(BOB, 'One')
      await system.restart()
      system.clock.advance(60 * MINUTE)
      await system.idle()
      assert.equal(system.mails.length, 1)

      await system.leave(BOB, 'Two')
      await system.pass(4 * MINUTE)
      const gate = Promise.withResolvers<void>()
      system.state.gate = gate.promise
      system.clock.advance(MINUTE)
      // It stops in the middle of a mail: that one is not taken, and goes later.
      await system.restart()
      assert.equal(await system.count(BOB), 1)
      gate.resolve()
      system.clock.advance(MINUTE - 1)
      await system.idle()
      assert.equal(system.mails.length, 1)
      await system.pass(1)
      assert.equal(system.mails.length, 2)
    })
  })
})
