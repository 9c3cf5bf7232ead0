/** What a watcher may see changes while he watches: docs/adr/0012-access-control.md. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RESTORE_DELAY_MS, RESTORE_SPREAD_MS } from '../../../src/sip/events/restoration.ts'
import type { SipRequest } from '../../../src/sip/message/message.ts'
import { STATE, setUp } from './notifier-rig.ts'
import { settle } from './support.ts'

const CAROL = '<sip:carol@partner.example>;tag=c1'
const bodyOf = (request: SipRequest) => request.body.toString()
const stateOf = (request: SipRequest) => request.headers.get(STATE)?.replace(/;.*/, '')

describe('a rule that changes', () => {
  test('tells a pending watcher everything at once', async () => {
    const { subscribe, userAgent, says, rule } = setUp({ policy: 'confirm', intervalMs: 5000 })
    says('busy')
    await subscribe()
    assert.equal(stateOf(userAgent.last.request), 'pending')
    assert.doesNotMatch(bodyOf(userAgent.last.request), /busy/)
    await userAgent.last.answer(200)
    await rule('allow')
    assert.equal(userAgent.sent.length, 2)
    assert.equal(stateOf(userAgent.last.request), 'active')
    assert.match(bodyOf(userAgent.last.request), /busy/)
  })

  test('makes the presentity offline for whom it blocks, at once, and to him nothing else changes', async () => {
    const { subscribe, userAgent, says, rule } = setUp({ intervalMs: 5000 })
    const never = setUp()
    await never.subscribe()
    says('busy')
    await subscribe()
    await userAgent.last.answer(200)
    await rule('block')
    assert.equal(userAgent.sent.length, 2)
    const { request } = userAgent.last
    assert.equal(request.headers.get(STATE), 'active;expires=3600')
    assert.equal(bodyOf(request), bodyOf(never.userAgent.last.request))
    await userAgent.last.answer(200)
    says('away')
    await settle()
    assert.equal(userAgent.sent.length, 2)
  })

  test('takes the word back that made a watcher pending', async () => {
    const { subscribe, userAgent, says, rule } = setUp()
    says('busy')
    await subscribe()
    await userAgent.last.answer(200)
    await rule('confirm')
    assert.equal(stateOf(userAgent.last.request), 'pending')
    assert.doesNotMatch(bodyOf(userAgent.last.request), /busy/)
  })

  test('shows some classes of sources, and another rule others', async () => {
    const { subscribe, userAgent, says, rule, access } = setUp({ policy: 'block' })
    userAgent.answerAll = 200
    says('on-a-call', 'phone')
    says('in-a-meeting', 'calendar')
    await subscribe()
    await settle()
    await rule('allow', { level: 'Telephony' })
    await settle()
    assert.match(bodyOf(userAgent.last.request), /on-the-phone/)
    assert.doesNotMatch(bodyOf(userAgent.last.request), /meeting|calendar/)
    await access.putLevel({ name: 'Telephony', classes: ['calendar'], inverted: false })
    await settle()
    assert.match(bodyOf(userAgent.last.request), /meeting/)
    assert.doesNotMatch(bodyOf(userAgent.last.request), /on-the-phone|>phone</)
  })

  test('about one watcher is no news to the others', async () => {
    const { subscribe, userAgent, rule, access } = setUp()
    userAgent.answerAll = 200
    await subscribe()
    await subscribe({ from: '<sip:dave@example.com>;tag=d' })
    await settle()
    await rule('block')
    await settle()
    assert.equal(userAgent.sent.length, 3)
    assert.match(userAgent.last.request.headers.get('To') ?? '', /bob@/)
    await access.setCrossDomain(false)
    await settle()
    assert.equal(userAgent.sent.length, 3)
  })

  test('about everybody reaches everybody, a few hundred at a time', async () => {
    const it = setUp({ total: 2000 })
    it.userAgent.answerAll = 200
    it.says('busy')
    for (let count = 0; count < 1200; count += 1) {
      await it.subscribe({ from: `<sip:w${count}@example.com>;tag=w` })
    }
    await settle()
    const before = it.userAgent.sent.length
    await it.rule('block', { presentity: '*', watcher: '*' })
    it.says('away')
    for (let turn = 0; it.userAgent.sent.length < before + 1200; turn += 1) {
      assert.ok(turn < 100, 'some were not told')
      await settle()
    }
    const told = it.userAgent.sent.slice(before)
    assert.equal(told.length, 1200)
    assert.equal(new Set(told.map(({ request }) => request.body)).size, 1)
    assert.ok(told.every(({ request }) => !/busy|away/.test(bodyOf(request))))
  })
})

describe('no NOTIFY carries what the rules do not allow any more', () => {
  test('when it waited for the answer to another', async () => {
    const { subscribe, userAgent, says, rule } = setUp()
    await subscribe()
    says('busy')
    await rule('block')
    assert.equal(userAgent.sent.length, 1)
    await userAgent.last.answer(200)
    assert.equal(userAgent.sent.length, 2)
    assert.doesNotMatch(bodyOf(userAgent.last.request), /busy/)
  })

  test('when it waited for the interval between two', async () => {
    const { subscribe, userAgent, says, rule, clock } = setUp({ intervalMs: 5000 })
    await subscribe()
    await userAgent.last.answer(200)
    says('busy')
    await rule('block')
    clock.advance(10_000)
    await settle()
    assert.ok(userAgent.sent.every(({ request }) => !/busy/.test(bodyOf(request))))
  })

  test('when the way to the watcher was long to find', async () => {
    const { subscribe, userAgent, says, rule } = setUp()
    says('busy')
    const late: SipRequest[] = []
    const send = userAgent.send.bind(userAgent)
    userAgent.send = (request, peer, answered) => {
      const { leaving } = request
      request.leaving = undefined
      late.push(request)
      send(request, peer, answered)
      request.leaving = leaving
    }
    await subscribe()
    const [request] = late
    assert.equal(late.length, 1)
    await rule('confirm')
    request?.leaving?.()
    assert.equal(request && stateOf(request), 'pending')
    assert.doesNotMatch(request ? bodyOf(request) : '', /busy/)
  })

  test('while the contact list is asked, and what it answers is told', async () => {
    const asked: PromiseWithResolvers<boolean>[] = []
    const isGranted = () => {
      const question = Promise.withResolvers<boolean>()
      asked.push(question)
      return question.promise
    }
    const it = setUp({ policy: 'confirm', grants: { isGranted } })
    it.userAgent.answerAll = 200
    it.says('busy')
    const subscribed = it.subscribe()
    await settle()
    asked[0]?.resolve(true)
    assert.equal((await subscribed).status, 200)
    await settle()
    assert.match(bodyOf(it.userAgent.last.request), /busy/)

    it.access.grantChanged('alice@example.com' as never, 'bob@example.com')
    it.says('away')
    await settle()
    assert.equal(it.userAgent.sent.length, 1)
    asked[1]?.resolve(false)
    await settle()
    assert.equal(it.userAgent.sent.length, 2)
    assert.equal(stateOf(it.userAgent.last.request), 'pending')
    assert.doesNotMatch(bodyOf(it.userAgent.last.request), /busy|away/)
  })

  test('when the rules change while a SUBSCRIBE is examined', async () => {
    const asked: PromiseWithResolvers<boolean>[] = []
    const isGranted = () => {
      const question = Promise.withResolvers<boolean>()
      asked.push(question)
      return question.promise
    }
    const it = setUp({ policy: 'confirm', grants: { isGranted } })
    it.says('busy')
    const subscribed = it.subscribe()
    await settle()
    await it.rule('block')
    asked[0]?.resolve(true)
    await subscribed
    assert.equal(stateOf(it.userAgent.last.request), 'active')
    assert.doesNotMatch(bodyOf(it.userAgent.last.request), /busy/)
  })

  test('after a restart, however wide the decision before it was', async () => {
    const before = setUp()
    before.says('busy')
    await before.subscribe()
    await before.userAgent.last.answer(200)
    await before.notifier.stop()
    const after = setUp({ store: before.store, clock: before.clock, policy: 'confirm' })
    await after.notifier.restore()
    after.says('away')
    after.clock.advance(RESTORE_DELAY_MS + RESTORE_SPREAD_MS)
    assert.ok(after.userAgent.sent.length > 0)
    for (const { request } of after.userAgent.sent) {
      assert.equal(stateOf(request), 'pending')
      assert.doesNotMatch(bodyOf(request), /busy|away/)
    }
  })

  test('where the database does not say what they are', async () => {
    let works = true
    const isGranted = async () => {
      if (!works) throw new Error('no database')
      return true
    }
    const it = setUp({ policy: 'confirm', grants: { isGranted } })
    it.userAgent.answerAll = 200
    it.says('busy')
    await it.subscribe()
    await settle()
    works = false
    it.access.grantChanged('alice@example.com' as never, 'bob@example.com')
    await settle()
    assert.doesNotMatch(bodyOf(it.userAgent.last.request), /busy/)
    works = true
    it.clock.advance(30_000)
    await settle()
    assert.match(bodyOf(it.userAgent.last.request), /busy/)
  })
})

test('a watcher of another system goes by the address in his URI', async () => {
  const { subscribe, userAgent, says, rule } = setUp()
  says('busy')
  await subscribe({ from: CAROL })
  assert.equal(stateOf(userAgent.last.request), 'pending')
  await userAgent.last.answer(200)
  await rule('allow', { watcher: 'carol@partner.example' })
  assert.equal(stateOf(userAgent.last.request), 'active')
})

test('what is stored of a subscription says what has become of it', async () => {
  const { subscribe, store, rule, userAgent } = setUp({ policy: 'confirm' })
  userAgent.answerAll = 200
  await subscribe()
  assert.deepEqual(
    [...store.records.values()].map(({ status }) => status),
    ['pending'],
  )
  await rule('allow')
  await settle()
  assert.deepEqual(
    [...store.records.values()].map(({ status }) => status),
    ['active'],
  )
})
