import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  formatAddress,
  formatDuration,
  formatSize,
  parseAddress,
  parseDatabaseUrl,
  parseDomain,
  parseDuration,
  parseHost,
  parseName,
  parseNetwork,
  parsePattern,
  parsePeer,
  parseSipRoute,
  parseSipToken,
  parseSize,
  parseSourceClass,
} from '../../src/config/values.ts'

describe('parseAddress', () => {
  it('reads names, IPv4, IPv6 in brackets and every address', () => {
    assert.deepEqual(parseAddress('127.0.0.1:0')?.value, { host: '127.0.0.1', port: 0 })
    assert.deepEqual(parseAddress('[fe80::1]:5222')?.value, { host: 'fe80::1', port: 5222 })
    assert.deepEqual(parseAddress('xmpp.example.org:5222')?.value?.host, 'xmpp.example.org')
    for (const text of ['*:5222', ':5222']) {
      const host = parseAddress(text)?.value?.host ?? ''
      assert.ok(['::', '0.0.0.0'].includes(host), host)
    }
  })

  it('reads off, which YAML may have made false', () => {
    assert.deepEqual(parseAddress('off'), { value: undefined })
    assert.deepEqual(parseAddress(false), { value: undefined })
  })

  it('refuses everything else', () => {
    for (const text of [
      '',
      '5222',
      'host',
      '::1:5222',
      '[::1]',
      '[1.2.3.4]:5',
      'a b:5',
      '1.2.3:5',
      'h:x',
    ])
      assert.equal(parseAddress(text), undefined, text)
    for (const raw of [5222, true, ['a:1']]) assert.equal(parseAddress(raw), undefined)
  })

  it('is undone by formatAddress', () => {
    for (const text of ['127.0.0.1:5222', '[::1]:0']) {
      const address = parseAddress(text)?.value
      assert.ok(address)
      assert.equal(formatAddress(address), text)
    }
  })
})

describe('parseDuration and parseSize', () => {
  it('read a number with a unit, or milliseconds and bytes', () => {
    const durations = {
      '30s': 30_000,
      '5m': 300_000,
      '2 days': 172_800_000,
      '250': 250,
      '1.5h': 5_400_000,
    }
    for (const [text, ms] of Object.entries(durations)) assert.equal(parseDuration(text)?.value, ms)
    assert.equal(parseDuration(1500)?.value, 1500)
    const sizes = { '64 KB': 65_536, '1MB': 1_048_576, '100': 100, '2 GiB': 2_147_483_648 }
    for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseSize(text)?.value, bytes)
  })

  it('refuse other units, negative numbers and words', () => {
    for (const text of ['5 fortnights', '-5s', 'soon', '', '5 s s', '5 constructor'])
      assert.equal(parseDuration(text), undefined)
    for (const text of ['5 bits', '-5', '1 toString']) assert.equal(parseSize(text), undefined)
    assert.equal(parseDuration(-1), undefined)
  })

  it('are undone by their formats', () => {
    for (const text of ['250ms', '30s', '5m', '2h', '3d', '1w']) {
      assert.equal(formatDuration(parseDuration(text)?.value ?? 0), text)
    }
    for (const text of ['100 bytes', '64 KB', '1 MB']) {
      const bytes = parseSize(text)?.value ?? 0
      assert.equal(formatSize(bytes), text)
    }
  })
})

describe('other values', () => {
  it('prepare domain names and refuse what is none', () => {
    assert.equal(parseDomain('Example.ORG.')?.value, 'example.org')
    assert.equal(parseDomain('münchen.example')?.value, 'münchen.example')
    for (const text of ['', '-a.org', 'a..b', 'a b', 'user@a.org'])
      assert.equal(parseDomain(text), undefined)
  })

  it('tell peers by address, network or name, and hosts without a network', () => {
    for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', 'proxy.example.com', 'proxy'])
      assert.ok(parsePeer(text), text)
    for (const text of ['10.0.0.0/33', '10.0.0.300', 'a b', 'proxy.example.com/8'])
      assert.equal(parsePeer(text), undefined, text)
    assert.ok(parseHost('sip.example.com'))
    assert.equal(parseHost('10.0.0.0/8'), undefined)
  })

  it('tell what rules of the SIP proxy are made of', () => {
    assert.equal(parseSipToken('invite')?.value, 'INVITE')
    assert.equal(parseSipToken('IN VITE'), undefined)
    for (const text of ['*.example.com', 'sip:+49*@*', '2*']) assert.ok(parsePattern(text), text)
    assert.equal(parsePattern(112)?.value, '112')
    for (const text of ['', 'a b', '<sip:x>']) assert.equal(parsePattern(text), undefined, text)
    assert.ok(parseName('ocs-gw.1'))
    assert.equal(parseName('a b'), undefined)
    for (const text of [
      'sip:p.example.com',
      'sips:[2001:db8::1]:5061',
      'sip:10.0.0.1;transport=tcp;lr',
    ])
      assert.ok(parseSipRoute(text), text)
    for (const text of ['p.example.com', 'sip:user@p.example.com', 'sip:p?x=y', 'tel:+1', 'sip:'])
      assert.equal(parseSipRoute(text), undefined, text)
  })

  it('tell networks and database URLs', () => {
    for (const text of ['10.0.0.1', '10.0.0.0/8', '::1', 'fe80::/10'])
      assert.ok(parseNetwork(text), text)
    for (const text of ['host', '10.0.0.0/33', '10.0.0.0/8/8', '::1/129'])
      assert.equal(parseNetwork(text), undefined)
    for (const text of ['sqlite:a.db', 'postgres://h/d', 'postgresql://h/d'])
      assert.ok(parseDatabaseUrl(text))
    for (const text of ['sqlite:', 'mysql://h', 'a.db'])
      assert.equal(parseDatabaseUrl(text), undefined)
  })
})

it('parseSourceClass reads names in lower case alone', () => {
  assert.equal(parseSourceClass(' door-badge ')?.value, 'door-badge')
  for (const raw of [
    '',
    'Door',
    'door badge',
    '-door',
    'door-',
    '4door',
    'x'.repeat(33),
    'all',
    'none',
    7,
  ]) {
    assert.equal(parseSourceClass(raw), undefined)
  }
})
