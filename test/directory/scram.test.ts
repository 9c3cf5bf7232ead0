import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { test } from 'node:test'
import { fakeKeys, ScramHasher } from '../../src/directory/scram.ts'

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, at) => byte ^ (b[at] ?? 0)))
}

const EXCHANGES = [
  {
    spec: 'RFC 5802 §5',
    mechanism: 'SCRAM-SHA-1',
    hash: 'sha1',
    salt: 'QSXCR+Q6sek8bf92',
    auth:
      'n=user,r=fyko+d2lbbFgONRv9qkxdawL,' +
      'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096,' +
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j',
    proof: 'v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    signature: 'rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    spec: 'RFC 7677 §3',
    mechanism: 'SCRAM-SHA-256',
    hash: 'sha256',
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    auth:
      'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    proof: 'dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    signature: '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const

for (const { spec, mechanism, hash, salt, auth, proof, signature } of EXCHANGES) {
  test(`the keys check the proof of ${spec} and make its signature`, async () => {
    const keys = await new ScramHasher().derive(mechanism, 'pencil', {
      salt: Buffer.from(salt, 'base64'),
      iterations: 4096,
    })
    const clientSignature = createHmac(hash, keys.storedKey).update(auth).digest()
    const clientKey = xor(Buffer.from(proof, 'base64'), clientSignature)
    assert.deepEqual(createHash(hash).update(clientKey).digest(), keys.storedKey)
    assert.equal(createHmac(hash, keys.serverKey).update(auth).digest('base64'), signature)
  })
}

test('a password matches its own keys only, and never has the same salt twice', async () => {
  const hasher = new ScramHasher()
  const keys = await hasher.keys('SCRAM-SHA-512', 'secret')
  const others = await hasher.keys('SCRAM-SHA-512', 'secret')
  assert.equal(keys.iterations, 10_000)
  assert.notDeepEqual(keys.salt, others.salt)
  assert.equal(await hasher.matches('SCRAM-SHA-512', 'secret', keys), true)
  assert.equal(await hasher.matches('SCRAM-SHA-512', 'Secret', keys), false)
})

test('decoys are stable, of the right size, and differ by account, mechanism and installation', () => {
  const make = (secret: string, account: string, mechanism: 'SCRAM-SHA-1' | 'SCRAM-SHA-256') =>
    fakeKeys(Buffer.from(secret), account, mechanism, 10_000)
  const decoy = make('s', 'a@x', 'SCRAM-SHA-256')
  assert.deepEqual(make('s', 'a@x', 'SCRAM-SHA-256'), decoy)
  assert.equal(decoy.storedKey.length, 32)
  assert.equal(make('s', 'a@x', 'SCRAM-SHA-1').storedKey.length, 20)
  assert.equal(decoy.salt.length, 16)
  const others = [make('s', 'b@x', 'SCRAM-SHA-256'), make('t', 'a@x', 'SCRAM-SHA-256')]
  for (const other of others) assert.notDeepEqual(other.salt, decoy.salt)
})

test('passwords beyond the bound of the queue are refused, the others are done', async () => {
  const hasher = new ScramHasher({ 'SCRAM-SHA-1': 1, 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 1 })
  const work = Array.from({ length: 8_300 }, () => hasher.keys('SCRAM-SHA-1', 'x'))
  const results = await Promise.allSettled(work)
  const refused = results.filter((result) => result.status === 'rejected')
  assert.equal(refused.length, 8_300 - 3 - 8_192)
  assert.equal(refused[0]?.reason.code, 'BUSY')
})
