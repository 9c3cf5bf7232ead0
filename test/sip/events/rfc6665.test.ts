/** RFC 6665 §4.2 and §8, what the notifier owes by it and other tests do not say. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PIDF } from '../../../src/formats/pidf.ts'
import { EVENT, inDialog, STATE, setUp } from './notifier-rig.ts'
import { exchange, sipRequest } from './support.ts'

describe('the 200 to a SUBSCRIBE (RFC 6665 §4.2.1.1)', () => {
  test('has the route set of the dialog, in the order in which it came (RFC 3261 §12.1.1)', async () => {
    const { subscribe } = setUp()
    const headers: [string, string][] = [
      ['Record-Route', '<sip:p1.example.net;lr;r2=on>, <sip:p2.example.net;lr>'],
      ['Record-Route', '<sip:p3.example.net;lr>'],
    ]
    const tx = await subscribe({ headers })
    assert.deepEqual(tx.response?.headers.getAll('Record-Route'), [
      '<sip:p1.example.net;lr;r2=on>',
      '<sip:p2.example.net;lr>',
      '<sip:p3.example.net;lr>',
    ])
  })

  test('names the packages that are served (§4.4.4)', async () => {
    const { subscribe } = setUp()
    assert.equal((await subscribe()).header('Allow-Events'), 'presence, presence.winfo')
  })

  test('never grants more than was asked for', async () => {
    const { subscribe } = setUp()
    for (const asked of [60, 61, 3_599, 86_400]) {
      const granted = Number(
        (await subscribe({ headers: [['Expires', String(asked)]] })).header('Expires'),
      )
      assert.ok(granted <= asked, `${granted} of ${asked}`)
    }
  })

  test('is not a 202, also where the presentity is still to be asked (§4.2.1.3, §8.3.1)', async () => {
    const { subscribe, userAgent } = setUp({ policy: 'confirm' })
    assert.equal((await subscribe()).status, 200)
    assert.match(userAgent.last.request.headers.get(STATE) ?? '', /^pending;expires=\d+$/)
  })
})

describe('Accept', () => {
  const accepted = async (...accept: string[]) => {
    const headers = accept.map((value): [string, string] => ['Accept', value])
    return (await setUp().subscribe({ headers })).status
  }

  test('may have parameters, and qualities', async () => {
    assert.equal(await accepted(`${PIDF};charset=utf-8`), 200)
    assert.equal(await accepted(`text/plain, ${PIDF};q=0.1`), 200)
    assert.equal(await accepted('text/plain', 'application/*;q=0.2'), 200)
    assert.equal(await accepted('*/*'), 200)
  })

  test('that excludes what there is gets 406', async () => {
    assert.equal(await accepted(`${PIDF};q=0`), 406)
    assert.equal(await accepted('text/*'), 406)
  })
})

describe('Event (RFC 6665 §8.2.1)', () => {
  test('is compared with its case, and has to be one', async () => {
    const { notifier } = setUp()
    for (const value of ['Presence', 'presence.foo', 'presence, dialog', 'presence;', '']) {
      const headers: [string, string][] = [['Event', value]]
      const tx = await exchange(notifier, sipRequest('SUBSCRIBE', { headers }))
      assert.equal(tx.status, 489, value)
      assert.ok(tx.header('Allow-Events'), value)
    }
  })

  test('with an id is another subscription than without: two of one watcher, each in its dialog', async () => {
    const { notifier, subscribe, userAgent, table } = setUp()
    await subscribe()
    const headers: [string, string][] = [['Event', 'presence;id=2']]
    await exchange(notifier, sipRequest('SUBSCRIBE', { headers }))
    assert.equal(table.size, 2)
    assert.deepEqual(
      userAgent.sent.map(({ request }) => request.headers.get('Event')),
      ['presence', 'presence;id=2'],
    )
  })
})

describe('un-SUBSCRIBE', () => {
  test('that crosses a NOTIFY ends the subscription, and what was on its way is followed by the last', async () => {
    const { subscribe, userAgent, says, table } = setUp()
    const begun = await subscribe()
    await userAgent.last.answer(200)
    says('busy')
    assert.equal(userAgent.sent.length, 2)
    const tx = await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    assert.equal(tx.status, 200)
    assert.equal(table.size, 0)
    assert.equal(userAgent.sent.length, 2)
    await userAgent.sent[1]?.answer(200)
    assert.equal(userAgent.sent.length, 3)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
    await userAgent.last.answer(481)
    says('away')
    assert.equal(userAgent.sent.length, 3)
  })

  test('of what has ended gets 481', async () => {
    const { subscribe, userAgent } = setUp()
    const begun = await subscribe()
    await userAgent.last.answer(200)
    await subscribe({ ...inDialog(begun, 2), headers: [['Expires', '0']] })
    const again = await subscribe({ ...inDialog(begun, 3), headers: [['Expires', '0']] })
    assert.equal(again.status, 481)
  })
})

describe('a NOTIFY (RFC 6665 §4.2.2)', () => {
  const REMOVING = [404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604]

  for (const status of REMOVING) {
    test(`that is answered ${status} was the last, whatever Retry-After says`, async () => {
      const { subscribe, userAgent, table, says, clock } = setUp()
      await subscribe()
      await userAgent.last.answer(status, [['Retry-After', '5']])
      assert.equal(table.size, 0)
      says('busy')
      clock.advance(3_600_000)
      assert.equal(userAgent.sent.length, 1)
    })
  }

  test('says how long the subscription lasts, less each time, and never more than was granted', async () => {
    const { subscribe, userAgent, says, clock } = setUp()
    await subscribe({ headers: [['Expires', '600']] })
    await userAgent.last.answer(200)
    clock.advance(100_500)
    says('busy')
    assert.equal(userAgent.last.request.headers.get(STATE), 'active;expires=499')
  })

  test('comes with the end of what nobody refreshes', async () => {
    const { subscribe, userAgent, clock } = setUp()
    await subscribe({ headers: [['Expires', '60']] })
    await userAgent.last.answer(200)
    clock.advance(61_000)
    assert.equal(userAgent.last.request.headers.get(STATE), 'terminated;reason=timeout')
  })
})

test('a SUBSCRIBE in a dialog without Contact leaves the target as it was', async () => {
  const { subscribe, notifier, userAgent } = setUp()
  const begun = await subscribe()
  await userAgent.last.answer(200)
  const request = sipRequest('SUBSCRIBE', { ...inDialog(begun, 2), headers: EVENT })
  request.headers.remove('Contact')
  assert.equal((await exchange(notifier, request)).status, 200)
  assert.equal(userAgent.last.request.uri, 'sip:bob@192.0.2.10:5060')
})
