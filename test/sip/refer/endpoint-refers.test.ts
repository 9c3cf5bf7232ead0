/** Endpoints are asked to come back by REFER (RFC 3515), one after the other. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import { type Call, EndpointRefers } from '../../../src/sip/refer/endpoint-refers.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Exchange, FakeUserAgent, settle, sipRequest } from '../events/support.ts'

function setUp(perSecond = 10) {
  const clock = new FakeClock()
  const agent = new FakeUserAgent()
  const userAgent = {
    request: agent.request.bind(agent),
    contactFor: ({ host, transport }: { host: string; transport: string }) =>
      `sip:us@${host};transport=${transport}`,
  }
  const refers = new EndpointRefers({
    ...{ clock, log: silentLog, userAgent, perSecond, redirect: undefined },
  })
  const done: string[] = []
  const call = (name: string, changes: Partial<Call> = {}): Call => ({
    target: `sip:${name}@192.0.2.9;transport=tcp`,
    routes: [],
    peer: undefined,
    watcher: `<sip:${name}@example.com>`,
    entity: 'sip:alice@example.com',
    event: 'presence',
    isBack: () => false,
    done: () => void done.push(name),
    ...changes,
  })
  const sent = () => agent.sent.map(({ request }) => request.uri.replace(/^sip:|@.*$/g, ''))
  return { clock, agent, refers, call, done, sent }
}

describe('endpoints', () => {
  it('are asked after a while, and at the pace that is set', () => {
    const { clock, refers, call, sent, done } = setUp()
    refers.ask([call('bob'), call('carol'), call('dave')], 500)
    clock.advance(499)
    assert.deepEqual(sent(), [])
    clock.advance(1)
    assert.deepEqual(sent(), ['bob'])
    clock.advance(99)
    assert.deepEqual(sent(), ['bob'])
    clock.advance(101)
    assert.deepEqual(sent(), ['bob', 'carol', 'dave'])
    assert.deepEqual(done, ['bob', 'carol', 'dave'])
  })

  it('are left alone where they are back, or were asked the same', () => {
    const { clock, refers, call, sent, done } = setUp()
    let isBack = false
    refers.ask([call('bob'), call('bob'), call('carol', { isBack: () => isBack })], 0)
    isBack = true
    clock.advance(1000)
    assert.deepEqual(sent(), ['bob'])
    assert.deepEqual(done, ['bob', 'bob', 'carol'])
  })

  it('see the Contact at which they, or the session manager before them, reach us', () => {
    const { clock, agent, refers, call } = setUp()
    const behind = call('carol', { routes: ['<sip:192.0.2.5:5061;transport=tls;lr>'] })
    refers.ask([call('bob'), behind], 0)
    clock.advance(1000)
    assert.deepEqual(
      agent.sent.map(({ request }) => request.headers.get('Contact')),
      ['<sip:us@192.0.2.9;transport=tcp>', '<sip:us@192.0.2.5;transport=tls>'],
    )
  })

  it('may refuse, and may tell what became of it all the same (RFC 4488 §4)', async () => {
    const { clock, agent, refers, call } = setUp()
    refers.ask([call('bob'), call('carol')], 0)
    clock.advance(100)
    await agent.sent[0]?.answer(501)
    await agent.sent[1]?.answer(202)
    await settle()
    const notify = (callId: string, event = 'refer;id=1') =>
      new Exchange(
        sipRequest('NOTIFY', { callId, headers: [['Event', event]], body: 'SIP/2.0 200 OK\r\n' }),
      )
    const callId = agent.sent[1]?.request.headers.get('Call-ID') ?? ''
    const told = notify(callId)
    refers.notified(told)
    assert.equal(told.status, 200)
    const refused = (tx: Exchange) =>
      assert.throws(
        () => refers.notified(tx),
        (error) => error instanceof SipError && error.status === 481,
      )
    refused(notify('another'))
    refused(notify(callId, 'presence'))
    clock.advance(120_000)
    refused(notify(callId))
  })

  it('are not asked any more once the server stops', () => {
    const { clock, refers, call, sent } = setUp()
    refers.ask([call('bob'), call('carol')], 0)
    clock.advance(0)
    refers[Symbol.dispose]()
    clock.advance(10_000)
    assert.deepEqual(sent(), ['bob'])
  })
})
