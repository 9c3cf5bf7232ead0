import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SipHeaders } from '../../../src/sip/message/headers.ts'

function sample(): SipHeaders {
  return new SipHeaders([
    ['v', 'SIP/2.0/UDP a, SIP/2.0/UDP b'],
    ['Subject', 'one, two'],
    ['VIA', 'SIP/2.0/UDP c'],
    ['X-Other', '1'],
  ])
}

test('a header is found by any spelling of its name', () => {
  const headers = sample()
  assert.equal(headers.get('via'), 'SIP/2.0/UDP a, SIP/2.0/UDP b')
  assert.equal(headers.get('s'), 'one, two')
  assert.equal(headers.get('x-OTHER'), '1')
  assert.equal(headers.get('To'), undefined)
  assert.ok(headers.has('V') && !headers.has('t'))
})

test('lists are split over all their fields, other values are not', () => {
  const headers = sample()
  assert.deepEqual(headers.getAll('Via'), ['SIP/2.0/UDP a', 'SIP/2.0/UDP b', 'SIP/2.0/UDP c'])
  assert.deepEqual(headers.getRaw('Via'), ['SIP/2.0/UDP a, SIP/2.0/UDP b', 'SIP/2.0/UDP c'])
  assert.deepEqual(headers.getAll('Subject'), ['one, two'])
})

test('set replaces all fields where the first stood', () => {
  const headers = sample().set('Via', 'x', 'y')
  assert.deepEqual(
    [...headers],
    [
      ['Via', 'x'],
      ['Via', 'y'],
      ['Subject', 'one, two'],
      ['X-Other', '1'],
    ],
  )
  assert.equal(headers.set('To', 'sip:a@b').get('To'), 'sip:a@b')
  assert.equal(headers.size, 5)
})

test('set without values removes the field', () => {
  assert.ok(!sample().set('Via').has('Via'))
})

test('prepend stands above all others, append below', () => {
  const headers = sample().prepend('Via', 'top').append('Via', 'bottom')
  assert.equal(headers.get('Via'), 'top')
  assert.equal(headers.getAll('Via').at(-1), 'bottom')
})

test('removeFirst takes one value away and leaves the others', () => {
  const headers = sample()
  assert.equal(headers.removeFirst('Via'), 'SIP/2.0/UDP a')
  assert.deepEqual(headers.getAll('Via'), ['SIP/2.0/UDP b', 'SIP/2.0/UDP c'])
  assert.equal(headers.removeFirst('Route'), undefined)
})

test('remove takes every field away', () => {
  assert.deepEqual(sample().remove('v').getAll('Via'), [])
})

test('a value cannot begin a header field of its own', () => {
  const headers = new SipHeaders().append('Subject', 'a\r\nEvil: 1').set('To', 'b\n\rX: 2')
  assert.equal(headers.get('Subject'), 'a Evil: 1')
  assert.equal(headers.get('To'), 'b X: 2')
})

test('a clone changes alone', () => {
  const headers = sample()
  headers.clone().remove('Via')
  assert.ok(headers.has('Via'))
})

test('a header that must be alone and is not is named', () => {
  assert.equal(sample().repeated(), undefined)
  assert.equal(sample().append('t', 'a').append('To', 'b').repeated(), 'To')
})
