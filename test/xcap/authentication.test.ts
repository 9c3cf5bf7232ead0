/** HTTP Digest as XCAP clients must know it (RFC 4825 §8, RFC 7616), and Basic. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type DigestAlgorithm,
  digestHash,
  digestResponse,
} from '../../src/net/digest/digest-response.ts'
import { type Answer, basic, openRig, type XcapRig } from './rig.ts'

const PATH = '/xcap-caps/global/index'
const URI = `/xcap${PATH}`

interface Proof {
  readonly username?: string
  readonly password?: string
  readonly algorithm?: DigestAlgorithm
  readonly nonce?: string
  readonly count?: number
  readonly uri?: string
}

async function challengeOf(rig: XcapRig): Promise<string> {
  const { headers } = await rig.call('GET', PATH, { as: '' })
  return String(headers['www-authenticate'])
}

function nonceOf(challenge: string, algorithm: DigestAlgorithm): string {
  return new RegExp(`nonce="([^"]+)", algorithm=${algorithm},`).exec(challenge)?.[1] ?? ''
}

async function ask(rig: XcapRig, proof: Proof = {}): Promise<Answer> {
  const { username = 'alice', password = 'alice', algorithm = 'SHA-256', uri = URI } = proof
  const nonce = proof.nonce ?? nonceOf(await challengeOf(rig), algorithm)
  const nc = String(proof.count ?? 1).padStart(8, '0')
  const ha1 = digestHash(algorithm, `${username}:corp.example:${password}`)
  const response = digestResponse({ algorithm, ha1, method: 'GET', uri, nonce, nc, cnonce: 'c' })
  const as =
    `Digest username="${username}", realm="corp.example", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=${algorithm}, qop=auth, nc=${nc}, cnonce="c"`
  return rig.call('GET', PATH, { as })
}

test('RFC 7616: a user proves himself by either algorithm and either form of his name', async (t) => {
  const rig = await openRig(t)
  for (const algorithm of ['MD5', 'SHA-256'] as const) {
    for (const username of ['alice', 'alice@corp.example']) {
      assert.equal(
        (await ask(rig, { algorithm, username })).status,
        200,
        `${algorithm} ${username}`,
      )
    }
  }
})

test('RFC 7616: a proof is good for one request, with one name, password and URI', async (t) => {
  const rig = await openRig(t)
  assert.equal((await ask(rig, { password: 'wrong' })).status, 401)
  assert.equal((await ask(rig, { username: 'nobody' })).status, 401)
  assert.equal((await ask(rig, { username: 'alice@west.example' })).status, 401)
  assert.equal((await ask(rig, { uri: '/xcap/other' })).status, 401)
  const nonce = nonceOf(await challengeOf(rig), 'SHA-256')
  assert.equal((await ask(rig, { nonce })).status, 200)
  assert.equal((await ask(rig, { nonce, count: 2 })).status, 200)
  const again = await ask(rig, { nonce, count: 2 })
  assert.equal(again.status, 401)
  assert.match(String(again.headers['www-authenticate']), /stale=true/)
  rig.clock.advance(3_600_000)
  assert.match(
    String((await ask(rig, { nonce, count: 3 })).headers['www-authenticate']),
    /stale=true/,
  )
})

test('who guesses waits, and what is no credential is refused', async (t) => {
  const rig = await openRig(t)
  for (let count = 0; count < 20; count += 1) await ask(rig, { password: `guess ${count}` })
  const refused = await ask(rig)
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers['retry-after']) > 0)
  const other = await openRig(t)
  for (const as of ['Digest', 'Digest username="alice"', 'Digest a="1", a="2"', 'Digest =']) {
    assert.equal((await other.call('GET', PATH, { as })).status, 400, as)
  }
})

test('Digest is offered where the domain keeps hashes for it alone', async (t) => {
  const rig = await openRig(t)
  assert.match(await challengeOf(rig), /SHA-256.*MD5.*Basic/)
  await rig.directory.updateDomain('corp.example', { sipDigest: 'off' })
  assert.doesNotMatch(await challengeOf(rig), /Digest/)
  assert.equal((await ask(rig, { nonce: 'x' })).status, 401)
  assert.equal((await rig.call('GET', PATH, { as: basic('alice') })).status, 200)
})
