import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import {
  type DigestAlgorithm,
  digestHash,
  digestResponse,
} from '../../../src/net/digest/digest-response.ts'
import { DigestAuth, type SipDigest } from '../../../src/sip/auth/digest.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const REALM = 'example.com'
const PASSWORD = 'wonderland'
const URI = 'sip:bob@example.com'

function start(sipDigest: SipDigest = 'both') {
  const clock = new FakeClock()
  const directory = {
    domains: () => [{ name: REALM, sipDigest }],
    ha1: async (account: BareJid, algorithm: DigestAlgorithm, kind: 'sip' | 'sip-address') => {
      const username = kind === 'sip' ? 'alice' : account
      return account === 'alice@example.com'
        ? digestHash(algorithm, `${username}:${REALM}:${PASSWORD}`)
        : undefined
    },
  }
  return { clock, auth: new DigestAuth({ clock, directory }, { lifetimeMs: 60_000 }) }
}

function nonceOf(auth: DigestAuth): string {
  return /nonce="([^"]+)"/.exec(auth.challenge(REALM)[0]?.[1] ?? '')?.[1] ?? ''
}

interface Answer {
  nonce: string
  algorithm?: DigestAlgorithm
  username?: string
  /** Where the client hashes another user name than the one that it gives. */
  hashed?: string
  password?: string
  uri?: string
  nc?: string
  realm?: string
  method?: string
  /** Parameters replaced or, with '', left out. */
  replace?: Record<string, string>
}

function withCredentials(answer: Answer): SipRequest {
  const { nonce, algorithm = 'SHA-256', username = 'alice', password = PASSWORD } = answer
  const { uri = URI, nc = '00000001', realm = REALM, method = 'PUBLISH', replace = {} } = answer
  const { hashed = username } = answer
  const ha1 = digestHash(algorithm, `${hashed}:${realm}:${password}`)
  const cnonce = 'f2/wE4q74E6z'
  const response = digestResponse({ algorithm, ha1, method, uri, nonce, nc, cnonce })
  const params: Record<string, string> = {
    username: `"${username}"`,
    realm: `"${realm}"`,
    nonce: `"${nonce}"`,
    uri: `"${uri}"`,
    response: `"${response}"`,
    algorithm,
    cnonce: `"${cnonce}"`,
    qop: 'auth',
    nc,
    ...replace,
  }
  const text = Object.entries(params).flatMap(([name, value]) =>
    value === '' ? [] : `${name}=${value}`,
  )
  return new SipRequest({
    method: 'PUBLISH',
    uri: URI,
    headers: [['Authorization', `Digest ${text.join(', ')}`]],
  })
}

test('each algorithm that the domain has hashes for is offered, SHA-256 first', () => {
  const offered = (sipDigest: SipDigest) =>
    start(sipDigest)
      .auth.challenge(REALM)
      .map(([name, value]) => `${name} ${/algorithm=([^,]+)/.exec(value)?.[1]}`)
  assert.deepEqual(offered('both'), ['WWW-Authenticate SHA-256', 'WWW-Authenticate MD5'])
  assert.deepEqual(offered('sha-256'), ['WWW-Authenticate SHA-256'])
  assert.deepEqual(offered('md5'), ['WWW-Authenticate MD5'])
  assert.deepEqual(offered('off'), [])
})

test('a challenge names realm, nonce and qop, and says when only the nonce was old', () => {
  const { auth } = start('md5')
  const [, fresh] = auth.challenge(REALM)[0] ?? []
  assert.match(
    fresh ?? '',
    /^Digest realm="example\.com", nonce="[\w-]+", algorithm=MD5, qop="auth"$/,
  )
  assert.match(auth.challenge(REALM, true)[0]?.[1] ?? '', /, stale=true$/)
})

for (const algorithm of ['SHA-256', 'MD5'] as const) {
  test(`the right password proves the user, ${algorithm}`, async () => {
    const { auth } = start()
    const request = withCredentials({ nonce: nonceOf(auth), algorithm })
    assert.deepEqual(await auth.verify(request, REALM), {
      kind: 'authenticated',
      user: 'alice@example.com',
    })
  })
}

test('a replayed request is stale, the next count is good', async () => {
  const { auth } = start()
  const nonce = nonceOf(auth)
  const kinds: string[] = []
  for (const nc of ['00000001', '00000001', '00000002']) {
    kinds.push((await auth.verify(withCredentials({ nonce, nc }), REALM)).kind)
  }
  assert.deepEqual(kinds, ['authenticated', 'stale', 'authenticated'])
})

test('an old nonce, or one from before a restart, is stale for who knows the password', async () => {
  const { clock, auth } = start()
  const old = nonceOf(auth)
  const foreign = nonceOf(start().auth)
  clock.advance(60_001)
  for (const nonce of [old, foreign, 'whatever']) {
    assert.equal((await auth.verify(withCredentials({ nonce }), REALM)).kind, 'stale')
    const guess = withCredentials({ nonce, password: 'guess' })
    assert.equal((await auth.verify(guess, REALM)).kind, 'wrong')
  }
})

test('a wrong password, an unknown user and one of another domain cannot be told apart', async () => {
  const { auth } = start()
  const nonce = nonceOf(auth)
  for (const answer of [
    { nonce, password: 'guess' },
    { nonce, username: 'mallory' },
    { nonce, username: 'alice@example.net' },
    { nonce, method: 'SUBSCRIBE' },
  ]) {
    assert.equal((await auth.verify(withCredentials(answer), REALM)).kind, 'wrong')
  }
})

test('an algorithm that the domain does not offer proves nothing', async () => {
  const { auth } = start('sha-256')
  const request = withCredentials({ nonce: nonceOf(auth), algorithm: 'MD5' })
  assert.equal((await auth.verify(request, REALM)).kind, 'wrong')
})

test('the username may name the domain', async () => {
  const { auth } = start()
  const username = 'alice@example.com'
  for (const algorithm of ['SHA-256', 'MD5'] as const) {
    const request = withCredentials({ nonce: nonceOf(auth), algorithm, username })
    assert.deepEqual(await auth.verify(request, REALM), { kind: 'authenticated', user: username })
  }
})

test('the form of the username that is given must be the form that was hashed', async () => {
  const { auth } = start()
  const nonce = nonceOf(auth)
  for (const [username, hashed] of [
    ['alice', 'alice@example.com'],
    ['alice@example.com', 'alice'],
  ] as const) {
    const request = withCredentials({ nonce, username, hashed })
    assert.equal((await auth.verify(request, REALM)).kind, 'wrong')
  }
})

test('the URI in credentials need not be the request-URI, which a proxy may have changed', async () => {
  const { auth } = start()
  const request = withCredentials({ nonce: nonceOf(auth), uri: 'sip:192.0.2.7:5060' })
  assert.equal((await auth.verify(request, REALM)).kind, 'authenticated')
})

test('credentials for another realm are none', async () => {
  const { auth } = start()
  const request = withCredentials({ nonce: nonceOf(auth), realm: 'example.net' })
  assert.equal((await auth.verify(request, REALM)).kind, 'absent')
  const bare = new SipRequest({ method: 'PUBLISH', uri: URI })
  assert.equal((await auth.verify(bare, REALM)).kind, 'absent')
})

test('credentials that lack something are malformed', async () => {
  const { auth } = start()
  const nonce = nonceOf(auth)
  const bad: Answer[] = [
    { nonce, uri: '' },
    { nonce, replace: { qop: '' } },
    { nonce, replace: { qop: 'auth-int' } },
    { nonce, replace: { nc: '1' } },
    { nonce, replace: { cnonce: '' } },
    { nonce, replace: { algorithm: 'SHA-512-256' } },
  ]
  for (const answer of bad) {
    assert.equal((await auth.verify(withCredentials(answer), REALM)).kind, 'malformed')
  }
})
