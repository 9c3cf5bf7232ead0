/** Who is typing: RFC 3994, both ways between SIP phones and the chat states of XEP-0085. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { refused } from '../../../src/core/messaging/message.ts'
import type { ChatState } from '../../../src/core/messaging/signals.ts'
import { parseIsComposing, renderIsComposing } from '../../../src/formats/is-composing.ts'
import { settle } from '../events/support.ts'
import { chat, handlerRig, phoneRig } from './support.ts'

const TYPE = 'application/im-iscomposing+xml'

function status(state: 'active' | 'idle', refresh?: number): string {
  return renderIsComposing({ state, refresh })
}

function rig(...options: Parameters<typeof handlerRig>) {
  const { message, sent, clock } = handlerRig(...options)
  const states = () => sent.map(({ signals, body }) => signals?.state ?? body)
  return { message, sent, clock, states }
}

describe('a phone that says who types (RFC 3994 §3.3)', () => {
  test('is heard once for as long as it goes on, and when it stops', async () => {
    const { message, states, sent } = rig()
    assert.equal((await message(status('active', 90), TYPE)).status, 200)
    await message(status('active', 90), TYPE)
    await message(status('idle'), TYPE)
    await message(status('idle'), TYPE)
    assert.deepEqual(states(), ['composing', 'paused'])
    const [first] = sent
    assert.deepEqual([first?.storable, first?.body, first?.type], [false, undefined, 'chat'])
  })

  test('is idle when its refresh time is over, counted from the last word', async () => {
    const { message, states, clock } = rig()
    await message(status('active', 60), TYPE)
    clock.advance(59_000)
    await message(status('active', 60), TYPE)
    clock.advance(59_000)
    assert.deepEqual(states(), ['composing'])
    clock.advance(1_000)
    assert.deepEqual(states(), ['composing', 'paused'])
  })

  test('is idle after 120 s where it names no time', async () => {
    const { message, states, clock } = rig()
    await message(status('active'), TYPE)
    clock.advance(119_999)
    assert.deepEqual(states(), ['composing'])
    clock.advance(1)
    assert.deepEqual(states(), ['composing', 'paused'])
  })

  test('is idle with its text, which says so without another notice', async () => {
    const { message, states, sent, clock } = rig()
    await message(status('active', 60), TYPE)
    await message('Hi')
    clock.advance(200_000)
    assert.deepEqual(states(), ['composing', 'active'])
    assert.equal(sent[1]?.body, 'Hi')
    await message('Hi again')
    assert.equal(sent[2]?.signals, undefined)
  })

  test('is never refused for it, but for what is no such notice', async () => {
    const { message } = rig(refused('unreachable'))
    assert.equal((await message(status('active'), TYPE)).status, 200)
    assert.equal((await message('<isComposing/>', TYPE)).status, 400)
  })
})

describe('a phone that is told who types (RFC 3994 §3.2)', () => {
  function toldRig() {
    const { userAgent, binding, clock } = phoneRig()
    userAgent.answerAll = 200
    const say = async (state: ChatState, body?: string) => {
      const outcome = await binding.deliver(chat(body, { storable: false, signals: { state } }))
      await settle()
      return outcome
    }
    const told = () =>
      userAgent.sent.map(({ request }) => parseIsComposing(request.body)?.state ?? 'text')
    return { userAgent, binding, clock, say, told }
  }

  test('learns it once, with type, time and refresh, and when it is over', async () => {
    const { say, told, userAgent } = toldRig()
    assert.deepEqual(await say('composing'), { kind: 'delivered' })
    await say('composing')
    await say('paused')
    await say('inactive')
    assert.deepEqual(told(), ['active', 'idle'])
    const { request } = userAgent.sent[0] ?? {}
    assert.equal(request?.headers.get('Content-Type'), TYPE)
    const notice = parseIsComposing(request?.body ?? Buffer.alloc(0))
    assert.equal(notice?.contentType, 'text/plain')
    assert.ok((notice?.refresh ?? 0) >= 60)
  })

  for (const state of ['active', 'inactive', 'gone'] as const) {
    test(`counts ${state} as idle, which is told only to who was told otherwise`, async () => {
      const { say, told } = toldRig()
      await say(state)
      assert.deepEqual(told(), [])
      await say('composing')
      await say(state)
      assert.deepEqual(told(), ['active', 'idle'])
    })
  }

  test('needs no “idle” with the text', async () => {
    const { say, told } = toldRig()
    await say('composing')
    await say('active', 'Hi')
    await say('paused')
    assert.deepEqual(told(), ['active', 'text'])
  })

  test('is told again before it would count the other as idle, not for ever', async () => {
    const { say, told, clock, userAgent } = toldRig()
    await say('composing')
    const first = parseIsComposing(userAgent.last.request.body)
    clock.advance((first?.refresh ?? 0) * 1000 - 1)
    await settle()
    assert.deepEqual(told(), ['active', 'active'])
    for (let turn = 0; turn < 50; turn += 1) {
      clock.advance(100_000)
      await settle()
    }
    assert.equal(told().length, 9)
    await say('paused')
    assert.equal(told().length, 9)
  })

  for (const answer of [415, 405, 500]) {
    test(`that answers ${answer} is left alone until it registers again, and gets texts`, async () => {
      const { say, told, userAgent, binding } = toldRig()
      userAgent.answerAll = answer
      assert.deepEqual(await say('composing'), { kind: 'delivered' })
      assert.notEqual(binding.priority, undefined)
      userAgent.answerAll = 200
      await say('paused')
      await say('composing')
      await say('active', 'Hi')
      assert.deepEqual(told(), ['active', 'text'])
      binding.renew(binding.state)
      await say('composing')
      assert.deepEqual(told(), ['active', 'text', 'active'])
    })
  }

  test('that says by Accept that it takes none is not even tried', async () => {
    const { say, told, userAgent, binding } = toldRig()
    userAgent.answerAll = undefined
    const asking = { wants: ['delivered'] } as const
    const sent = binding.deliver(chat('Hi', { signals: asking }))
    await settle()
    await userAgent.last.answer(415, [['Accept', 'text/plain']])
    await userAgent.last.answer(200)
    await sent
    userAgent.answerAll = 200
    await say('composing')
    assert.deepEqual(told(), ['text', 'text'])
  })

  test('is not told while much waits for it', async () => {
    const { say, told, userAgent, binding } = toldRig()
    userAgent.answerAll = undefined
    for (let count = 0; count < 6; count += 1) void binding.deliver(chat(`text ${count}`))
    await say('composing')
    userAgent.answerAll = 200
    await userAgent.last.answer(200)
    await settle()
    assert.deepEqual(told(), Array(6).fill('text'))
  })
})

describe('the document (RFC 3994 §4)', () => {
  test('has all that §3.5 knows, both ways', () => {
    const lastActive = Date.UTC(2003, 0, 27, 10, 43)
    const composing = { state: 'active', lastActive, contentType: 'audio', refresh: 90 } as const
    const text = renderIsComposing(composing)
    assert.match(text, /<lastactive>2003-01-27T10:43:00Z<\/lastactive>/)
    assert.deepEqual(parseIsComposing(Buffer.from(text)), composing)
  })

  test('of an unknown state says idle; without a state it is none', () => {
    const ns = 'urn:ietf:params:xml:ns:im-iscomposing'
    const parse = (content: string) =>
      parseIsComposing(Buffer.from(`<isComposing xmlns="${ns}">${content}</isComposing>`))
    assert.equal(parse('<state>thinking</state><x xmlns="urn:x"/>')?.state, 'idle')
    assert.equal(parse('<state>active</state><refresh>-3</refresh>')?.refresh, undefined)
    assert.equal(parse('<refresh>60</refresh>'), undefined)
    assert.equal(parse('<state>'), undefined)
    assert.equal(parse(`<state>active</state>${' '.repeat(5000)}`), undefined)
  })
})
