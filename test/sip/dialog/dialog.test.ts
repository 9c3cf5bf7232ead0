import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Dialog, type DialogSnapshot, dialogKeyOf } from '../../../src/sip/dialog/dialog.ts'
import { SipError } from '../../../src/sip/errors.ts'
import { type HeaderEntry, SipRequest, SipResponse } from '../../../src/sip/message/message.ts'

const SUBSCRIBE: readonly HeaderEntry[] = [
  ['Record-Route', '<sip:192.0.2.10;r2=on;lr=on;ftag=x>, <sip:10.0.0.10;r2=on;lr=on;ftag=x>'],
  ['Record-Route', '<sip:edge.example.com;lr>'],
  ['From', '"Alice" <sip:alice@example.com>;tag=them'],
  ['To', '<sip:bob@example.com>'],
  ['Call-ID', 'call-1'],
  ['CSeq', '17 SUBSCRIBE'],
  ['Contact', '<sip:alice@10.0.0.5:5061;transport=tls>;expires=60'],
]

function subscribe(changes: Record<string, string | undefined> = {}): SipRequest {
  const request = new SipRequest({
    method: 'SUBSCRIBE',
    uri: 'sip:bob@example.com',
    headers: SUBSCRIBE,
  })
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) request.headers.remove(name)
    else request.headers.set(name, value)
  }
  return request
}

function headers(request: SipRequest, name: string): string[] {
  return request.headers.getAll(name)
}

test('requests of the notifier go the way that the SUBSCRIBE came, parameters and doubles untouched', () => {
  const notify = Dialog.asUas(subscribe(), 'us').createRequest('NOTIFY')
  assert.equal(notify.uri, 'sip:alice@10.0.0.5:5061;transport=tls')
  assert.deepEqual(headers(notify, 'Route'), [
    '<sip:192.0.2.10;r2=on;lr=on;ftag=x>',
    '<sip:10.0.0.10;r2=on;lr=on;ftag=x>',
    '<sip:edge.example.com;lr>',
  ])
  assert.equal(notify.headers.get('From'), '<sip:bob@example.com>;tag=us')
  assert.equal(notify.headers.get('To'), '"Alice" <sip:alice@example.com>;tag=them')
  assert.equal(notify.headers.get('Call-ID'), 'call-1')
  assert.equal(notify.headers.get('CSeq'), '1 NOTIFY')
})

test('a strict router stands in the request-URI, and the target at the end of the route', () => {
  const request = subscribe({ 'Record-Route': '<sip:old.example.com;method=X>' })
  const notify = Dialog.asUas(request, 'us').createRequest('NOTIFY')
  assert.equal(notify.uri, 'sip:old.example.com')
  assert.deepEqual(headers(notify, 'Route'), ['<sip:alice@10.0.0.5:5061;transport=tls>'])
})

test('the client side takes the route backwards, and the tags the other way round', () => {
  const response = new SipResponse({
    status: 200,
    reason: 'OK',
    headers: [
      ['Record-Route', '<sip:near.example.com;lr>, <sip:far.example.com;lr>'],
      ['To', '<sip:bob@example.com>;tag=bob'],
      ['Contact', '<sip:bob@192.0.2.9>'],
    ],
  })
  const dialog = Dialog.asUac(subscribe(), response)
  const refresh = dialog.createRequest('SUBSCRIBE')
  assert.deepEqual(headers(refresh, 'Route'), [
    '<sip:far.example.com;lr>',
    '<sip:near.example.com;lr>',
  ])
  assert.equal(refresh.uri, 'sip:bob@192.0.2.9')
  assert.equal(refresh.headers.get('CSeq'), '18 SUBSCRIBE')
  assert.equal(refresh.headers.get('To'), '<sip:bob@example.com>;tag=bob')
})

test('a later request of the peer moves the target and nothing else', () => {
  const dialog = Dialog.asUas(subscribe(), 'us')
  const inDialog = { To: '<sip:bob@example.com>;tag=us', 'Record-Route': '<sip:other;lr>' }
  const refresh = subscribe({ ...inDialog, CSeq: '18 SUBSCRIBE', Contact: '<sip:a@192.0.2.3>' })
  assert.equal(dialogKeyOf(refresh), dialog.key)
  dialog.accept(refresh)
  assert.equal(dialog.remoteTarget, 'sip:a@192.0.2.3')
  assert.equal(dialog.routeSet.length, 3)
  assert.equal(dialog.remoteCseq, 18)
})

test('a request that comes after a later one is refused and changes nothing', () => {
  const dialog = Dialog.asUas(subscribe(), 'us')
  for (const number of [17, 3]) {
    const late = subscribe({ CSeq: `${number} SUBSCRIBE`, Contact: '<sip:late@192.0.2.3>' })
    assert.throws(
      () => dialog.accept(late),
      (error: unknown) => error instanceof SipError && error.status === 500,
    )
  }
  assert.equal(dialog.remoteTarget, 'sip:alice@10.0.0.5:5061;transport=tls')
})

test('a dialog survives being written down, and its numbers never come twice', () => {
  const dialog = Dialog.asUas(subscribe(), 'us')
  dialog.createRequest('NOTIFY')
  const text = JSON.stringify(dialog.snapshot())
  const snapshot: DialogSnapshot = JSON.parse(text)
  const restored = Dialog.restore(snapshot, 1000)
  assert.equal(restored.key, dialog.key)
  assert.equal(restored.createRequest('NOTIFY').headers.get('CSeq'), '1002 NOTIFY')
  assert.deepEqual(restored.routeSet, dialog.routeSet)
})

test('a request without one usable Contact, From or CSeq makes no dialog', () => {
  const broken: Record<string, string | undefined>[] = [
    { Contact: undefined },
    { Contact: '*' },
    { Contact: '<sip:a@192.0.2.3>, <sip:b@192.0.2.3>' },
    { From: 'nonsense <' },
    { CSeq: 'x SUBSCRIBE' },
  ]
  for (const changes of broken) {
    assert.throws(
      () => Dialog.asUas(subscribe(changes), 'us'),
      (error: unknown) => error instanceof SipError && error.status === 400,
      JSON.stringify(changes),
    )
  }
})

test('outside a dialog there is no key, and different parts never make the same key', () => {
  assert.equal(dialogKeyOf(subscribe()), undefined)
  const split = dialogKeyOf(
    subscribe({ 'Call-ID': 'a', To: '<sip:b@c>;tag=b', From: '<sip:b@c>;tag=c' }),
  )
  const joined = dialogKeyOf(
    subscribe({ 'Call-ID': 'ab', To: '<sip:b@c>;tag=', From: '<sip:b@c>;tag=c' }),
  )
  assert.notEqual(split, joined)
})

test('a peer of RFC 2543 times has no tag, and gets none', () => {
  const dialog = Dialog.asUas(subscribe({ From: '<sip:alice@example.com>' }), 'us')
  assert.equal(dialog.createRequest('NOTIFY').headers.get('To'), '<sip:alice@example.com>')
})
