import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  parseHost,
  parseHostPort,
  parseSipUri,
  serializeUri,
} from '../../../src/sip/message/uri.ts'

test('every part of a SIP URI is read', () => {
  const uri = parseSipUri('SIP:Alice:s%3Acret@Example.COM:5061;transport=TLS;lr?Subject=a%20b&X=')
  assert.equal(uri?.scheme, 'sip')
  assert.equal(uri.user, 'Alice')
  assert.equal(uri.password, 's:cret')
  assert.equal(uri.host, 'example.com')
  assert.equal(uri.port, 5061)
  assert.deepEqual(
    [...uri.params],
    [
      ['transport', 'TLS'],
      ['lr', ''],
    ],
  )
  assert.deepEqual(uri.headers, [
    ['Subject', 'a b'],
    ['X', ''],
  ])
})

test('a URI without user has none', () => {
  const uri = parseSipUri('sips:example.com')
  assert.equal(uri?.user, undefined)
  assert.equal(uri?.port, undefined)
})

test('tel, pres, im and other schemes are read as far as they have parts', () => {
  const tel = parseSipUri('tel:+1-(201)-555.0123;ext=5;phone-context=example.com')
  assert.equal(tel?.user, '+1-(201)-555.0123')
  assert.equal(tel?.params.get('ext'), '5')
  assert.equal(tel?.host, '')
  assert.equal(parseSipUri('tel:7042;phone-context=example.com')?.user, '7042')
  const pres = parseSipUri('pres:bob@example.com')
  assert.deepEqual([pres?.scheme, pres?.user, pres?.host], ['pres', 'bob', 'example.com'])
  assert.equal(parseSipUri('im:bob@example.com?subject=x')?.headers.length, 1)
  assert.equal(parseSipUri('urn:service:sos')?.opaque, 'service:sos')
})

test('what is not a URI is refused', () => {
  for (const text of [
    '',
    'sip',
    'sip:',
    ':a@b',
    '1x:y',
    'sip:@b',
    'sip:a@',
    'sip:a@b@c',
    'sip:a b@c',
    'sip:a%2@c',
    'sip:a%zz@c',
    'sip:a@b:',
    'sip:a@b:65536',
    'sip:a@b:12x',
    'sip:a@[::1',
    'sip:a@[::1]x',
    'sip:a@[1.2.3.4]',
    'sip:a@1.2.3.256',
    'sip:a@b..c',
    'sip:a@-b',
    'sip:a@b;',
    'sip:a@b;;lr',
    'sip:a@b;lr;LR',
    'sip:a@b;x=<y>',
    'sip:a@b?x',
    'sip:a@b?=x',
    'sip:ü@b',
    'tel:',
    'tel:abc xyz',
    'tel:+',
    'x: y',
  ]) {
    assert.equal(parseSipUri(text), undefined, text)
  }
})

test('a URI comes out as it went in, escapes in their usual form', () => {
  for (const text of [
    'sip:alice@example.com',
    'sips:a%20b:pw@[2001:db8::1]:5061;transport=tls;lr?Subject=a%20b',
    'sip:user;par=u%40example.net@example.com',
    'sip:%00%FF@example.com',
    'sip:caf%C3%A9@example.com',
    'tel:+1-201-555-0123;ext=5',
    'pres:bob@example.com',
    'urn:service:sos',
  ]) {
    const uri = parseSipUri(text)
    assert.equal(uri && serializeUri(uri), text)
  }
})

test('parts that need it are escaped', () => {
  assert.equal(
    serializeUri({ scheme: 'sip', user: 'a@b c', password: 'x:y', host: 'example.com' }),
    'sip:a%40b%20c:x%3Ay@example.com',
  )
  const params = new Map([['x', 'a;b']])
  assert.equal(
    serializeUri({ scheme: 'sip', host: '::1', port: 5060, params }),
    'sip:[::1]:5060;x=a%3Bb',
  )
})

test('hosts are names, IPv4 addresses or IPv6 references', () => {
  assert.equal(parseHost('Example.Com.'), 'example.com.')
  assert.equal(parseHost('my_host'), 'my_host')
  assert.equal(parseHost('192.0.2.1'), '192.0.2.1')
  assert.equal(parseHost('[2001:DB8::1]'), '2001:db8::1')
  assert.equal(parseHost('2001:db8::1'), undefined)
  assert.deepEqual(parseHostPort('[::1]:5060'), { host: '::1', port: 5060 })
  assert.deepEqual(parseHostPort('a'), { host: 'a', port: undefined })
  assert.equal(parseHostPort(']'), undefined)
})
