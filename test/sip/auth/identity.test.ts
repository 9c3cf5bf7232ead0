import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { requireJid } from '../../../src/core/address.ts'
import {
  type DigestAlgorithm,
  digestHash,
  digestResponse,
} from '../../../src/net/digest/digest-response.ts'
import { SipAuthenticator } from '../../../src/sip/auth/identity.ts'
import { SipError } from '../../../src/sip/errors.ts'
import { SipRequest } from '../../../src/sip/message/message.ts'
import type { ServerTransaction } from '../../../src/sip/user-agent.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const ALICE = requireJid('alice@example.com').bare
const BOB = requireJid('bob@example.com').bare

const HANDLES: Record<string, BareJid> = {
  'sip:alice@example.com': ALICE,
  'tel:+431234': ALICE,
  'sip:1234@example.com': ALICE,
  'sip:bob@example.com': BOB,
}

function start() {
  const clock = new FakeClock()
  const directory = {
    domains: () => [
      { name: 'example.com', sipDigest: 'both' as const },
      { name: 'off.example', sipDigest: 'off' as const },
    ],
    ha1: async (account: BareJid, algorithm: DigestAlgorithm) =>
      account === ALICE ? digestHash(algorithm, 'alice:example.com:secret') : undefined,
    resolve: async (address: string) => {
      const account = HANDLES[address]
      return account ? { kind: 'user' as const, account } : { kind: 'unknown' as const }
    },
  }
  const deps = { clock, log: silentLog, directory }
  return { clock, authenticator: new SipAuthenticator(deps, { throttle: { maxFailures: 2 } }) }
}

interface Asking {
  from?: string
  asserted?: string[]
  trusted?: boolean
  authorization?: string
  host?: string
}

function transaction(asking: Asking): ServerTransaction {
  const { from = 'sip:alice@example.com', asserted = [], trusted = false } = asking
  return {
    request: new SipRequest({
      method: 'PUBLISH',
      uri: 'sip:alice@example.com',
      headers: [
        ['From', `"A" <${from}>;tag=1`],
        ...asserted.map((uri) => ['P-Asserted-Identity', uri] as const),
        ...(asking.authorization ? [['Authorization', asking.authorization] as const] : []),
      ],
    }),
    source: { transport: 'udp', host: asking.host ?? '192.0.2.1', port: 5060 },
    trusted,
    contact: 'sip:192.0.2.2',
    respond: () => assert.fail('identity answers nothing itself'),
  }
}

async function refusal(promise: Promise<unknown>): Promise<SipError> {
  const error = await promise.then(
    () => assert.fail('it was not refused'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof SipError)
  return error
}

async function prove(authenticator: SipAuthenticator, password: string, from?: string) {
  const asking = { ...(from && { from }) }
  const challenged = await refusal(authenticator.identify(transaction({})))
  const nonce = /nonce="([^"]+)"/.exec(challenged.headers[0]?.[1] ?? '')?.[1] ?? ''
  const uri = 'sip:alice@example.com'
  const shared = { algorithm: 'SHA-256', method: 'PUBLISH', uri, nonce, cnonce: 'c' } as const
  const ha1 = digestHash('SHA-256', `alice:example.com:${password}`)
  const response = digestResponse({ ...shared, ha1, nc: '00000001' })
  const authorization =
    `Digest username="alice", realm="example.com", nonce="${nonce}", uri="${uri}", ` +
    `response="${response}", algorithm=SHA-256, cnonce="c", qop=auth, nc=00000001`
  return authenticator.identify(transaction({ ...asking, authorization }))
}

test('a user of ours is challenged, and known once he has proven himself', async () => {
  const { authenticator } = start()
  const challenged = await refusal(authenticator.identify(transaction({})))
  assert.equal(challenged.status, 401)
  assert.deepEqual(
    challenged.headers.map(([name]) => name),
    ['WWW-Authenticate', 'WWW-Authenticate'],
  )
  assert.deepEqual(await prove(authenticator, 'secret'), {
    address: ALICE,
    uri: 'sip:alice@example.com',
    trusted: false,
  })
})

test('a user may go by any of his addresses, and by nobody else’s', async () => {
  const { authenticator } = start()
  const identity = await prove(authenticator, 'secret', 'sip:1234@example.com')
  assert.equal(identity.address, ALICE)
  const refused = await refusal(prove(authenticator, 'secret', 'sip:bob@example.com'))
  assert.equal(refused.status, 403)
})

test('who is not of a domain of ours, or of one without SIP digest, is refused outright', async () => {
  const { authenticator } = start()
  for (const from of ['sip:alice@elsewhere.example', 'sip:alice@off.example']) {
    assert.equal((await refusal(authenticator.identify(transaction({ from })))).status, 403)
  }
})

test('who guesses too often has to wait, others do not', async () => {
  const { clock, authenticator } = start()
  for (const guess of ['one', 'two']) {
    assert.equal((await refusal(prove(authenticator, guess))).status, 401)
  }
  const waiting = await refusal(authenticator.identify(transaction({})))
  assert.equal(waiting.status, 403)
  assert.deepEqual(waiting.headers, [['Retry-After', '300']])
  const other = await refusal(authenticator.identify(transaction({ host: '192.0.2.9' })))
  assert.equal(other.status, 401)
  clock.advance(300_000)
  assert.equal((await prove(authenticator, 'secret')).address, ALICE)
})

test('a trusted peer says who asks: P-Asserted-Identity before From, SIP before tel', async () => {
  const { authenticator } = start()
  const identify = (asking: Asking) =>
    authenticator.identify(transaction({ trusted: true, ...asking }))
  assert.deepEqual(await identify({ from: 'sip:bob@example.com' }), {
    address: BOB,
    uri: 'sip:bob@example.com',
    trusted: true,
  })
  const asserted = ['<tel:+431234>, "Alice" <sip:alice@example.com>']
  assert.equal((await identify({ from: 'sip:bob@example.com', asserted })).address, ALICE)
  const stranger = await identify({ asserted: ['<sip:eve@elsewhere.example>'] })
  assert.deepEqual(stranger, {
    address: undefined,
    uri: 'sip:eve@elsewhere.example',
    trusted: true,
  })
})
