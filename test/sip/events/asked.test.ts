import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SipError } from '../../../src/sip/errors.ts'
import {
  parseAsked,
  requireReadable,
  restoreAsked,
  snapshotOf,
} from '../../../src/sip/events/asked.ts'
import { SubscribeBody } from '../../../src/sip/events/subscribe-body.ts'
import { parseEvent } from '../../../src/sip/message/values.ts'
import { sipRequest } from './support.ts'

const TYPE = 'application/x-filter'
const number = new SubscribeBody({ contentType: TYPE }, (content) => {
  const value = Number(content.toString())
  if (Number.isNaN(value)) throw new SipError(400)
  return value
})

function ask(event: string, body?: string, headers: [string, string][] = [['Content-Type', TYPE]]) {
  const value = parseEvent(event)
  assert.ok(value)
  const own = body === undefined ? {} : { body, headers }
  return (before?: ReturnType<typeof parseAsked>) =>
    parseAsked(sipRequest('SUBSCRIBE', own), value, before)
}

describe('what a SUBSCRIBE asks for besides', () => {
  test('is mostly nothing', () => {
    assert.equal(ask('presence')(), undefined)
    assert.equal(ask('presence;id=7')(), undefined)
  })

  test('are the parameters of Event, and its body', () => {
    const asked = ask('presence;id=7;max-rate=0.5', '42')()
    assert.deepEqual([...(asked?.params ?? [])], [['max-rate', '0.5']])
    assert.equal(number.of(asked), 42)
  })

  test('in a refresh, are new parameters and the old body, unless there is a new one (RFC 4660 §3.3.3)', () => {
    const before = ask('presence;min-rate=1', '42')()
    const same = ask('presence')(before)
    assert.equal(same?.params.size, 0)
    assert.equal(number.of(same), 42)
    assert.equal(number.of(ask('presence', '43')(before)), 43)
  })

  test('comes back from disk as it was', () => {
    const asked = ask('presence;max-rate=0.5', '42')()
    assert.ok(asked)
    const again = restoreAsked(JSON.parse(JSON.stringify(snapshotOf(asked))))
    assert.deepEqual(again.params, asked.params)
    assert.equal(number.of(again), 42)
  })
})

describe('a body of SUBSCRIBE (RFC 3261 §8.2.3)', () => {
  const refusal = (act: () => unknown): SipError => {
    try {
      act()
    } catch (error) {
      if (error instanceof SipError) return error
      throw error
    }
    throw new Error('it was not refused')
  }

  test('that is not taken gets 415, and Accept says what is', () => {
    const { status, headers } = refusal(() => requireReadable(ask('presence', '42')(), []))
    assert.equal(status, 415)
    assert.deepEqual([...headers], [['Accept', '']])
    const other = ask('presence', 'x', [['Content-Type', 'text/plain']])()
    assert.deepEqual(
      [...refusal(() => requireReadable(other, [number])).headers],
      [['Accept', TYPE]],
    )
  })

  test('that does not say what it is gets 415', () => {
    assert.equal(refusal(ask('presence', '42', [])).status, 415)
  })

  test('that is malformed gets what its reader says', () => {
    assert.equal(refusal(() => requireReadable(ask('presence', 'x')(), [number])).status, 400)
  })

  test('that is optional is passed over', () => {
    const headers: [string, string][] = [['Content-Disposition', 'render;handling=optional']]
    assert.equal(ask('presence', 'x', headers)(), undefined)
  })

  test('may have to have a Content-Disposition', () => {
    const list = new SubscribeBody({ contentType: TYPE, disposition: 'recipient-list' }, String)
    assert.equal(list.of(ask('presence', '42')()), undefined)
    const headers: [string, string][] = [
      ['Content-Type', TYPE],
      ['Content-Disposition', 'Recipient-List'],
    ]
    assert.equal(list.of(ask('presence', '42', headers)()), '42')
  })
})

describe('several bodies in one (RFC 2046 §5.1)', () => {
  const mixed: [string, string][] = [['Content-Type', 'multipart/mixed;boundary=b']]
  const part = (type: string, text: string, disposition = 'session') =>
    `--b\r\nContent-Type: ${type}\r\nContent-Disposition: ${disposition}\r\n\r\n${text}\r\n`

  test('are each a body of its own, but for those that need not be read', () => {
    const body = `${part(TYPE, '42')}${part('text/plain', 'x', 'alert;handling=optional')}--b--`
    const asked = ask('presence', body, mixed)()
    assert.equal(asked?.bodies.length, 1)
    assert.equal(asked.bodies[0]?.disposition, 'session')
    assert.equal(number.of(asked), 42)
  })

  test('are refused where they cannot be told apart, or are too many', () => {
    const refused = (body: string) =>
      assert.throws(
        () => ask('presence', body, mixed)(),
        (error) => error instanceof SipError && error.status === 400,
      )
    refused('42')
    refused(`${part(TYPE, '42').repeat(9)}--b--`)
  })
})
