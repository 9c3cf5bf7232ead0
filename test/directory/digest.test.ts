import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { digestHashes } from '../../src/directory/digest.ts'
import { DEFAULT_DOMAIN_SETTINGS, type DomainSettings } from '../../src/directory/domain.ts'

const md5 = (input: string | Buffer) => createHash('md5').update(input).digest('hex')
const domain = (settings: Partial<DomainSettings>) => ({
  ...DEFAULT_DOMAIN_SETTINGS,
  ...settings,
  name: 'elwood.innosoft.com',
  createdAt: 0,
})
const chris = requireJid('chris@elwood.innosoft.com').bare

test('nothing is kept where nothing was turned on', () => {
  assert.deepEqual(digestHashes(domain({}), chris, 'secret'), [])
})

test('the hash for DIGEST-MD5 makes the response of RFC 2831 §4', () => {
  const [kept] = digestHashes(domain({ digestMd5: true }), chris, 'secret')
  assert.equal(kept?.kind, 'xmpp')
  const a1 = Buffer.concat([
    Buffer.from(kept?.hash ?? '', 'hex'),
    Buffer.from(':OA6MG9tEQGm2hh:OA6MHXh6VqTrRk'),
  ])
  const a2 = 'AUTHENTICATE:imap/elwood.innosoft.com'
  const response = md5(`${md5(a1)}:OA6MG9tEQGm2hh:00000001:OA6MHXh6VqTrRk:auth:${md5(a2)}`)
  assert.equal(response, 'd388dad90d4bbd760a152321f2143af7')
})

test('DIGEST-MD5 hashes what fits ISO 8859-1 in that, SIP in UTF-8', () => {
  const hashes = digestHashes(domain({ digestMd5: true, sipDigest: 'md5' }), chris, 'é')
  const [sip, address, xmpp] = hashes
  const text = 'chris:elwood.innosoft.com:é'
  assert.equal(sip?.hash, md5(Buffer.from(text, 'utf8')))
  assert.equal(address?.kind, 'sip-address')
  assert.equal(address.hash, md5('chris@elwood.innosoft.com:elwood.innosoft.com:\u00e9'))
  assert.equal(xmpp?.hash, md5(Buffer.from(text, 'latin1')))
})

test('each SIP setting keeps its own algorithms', () => {
  const algorithms = (sipDigest: DomainSettings['sipDigest']) =>
    digestHashes(domain({ sipDigest }), chris, 'secret').map(
      ({ kind, algorithm }) => `${kind} ${algorithm}`,
    )
  assert.deepEqual(algorithms('md5'), ['sip MD5', 'sip-address MD5'])
  assert.deepEqual(algorithms('sha-256'), ['sip SHA-256', 'sip-address SHA-256'])
  assert.deepEqual(algorithms('both'), [
    'sip MD5',
    'sip SHA-256',
    'sip-address MD5',
    'sip-address SHA-256',
  ])
})
