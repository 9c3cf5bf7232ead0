import assert from 'node:assert/strict'
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { describe, it } from 'node:test'
import { bareJid } from '../../../src/core/address.ts'
import { SaslError } from '../../../src/xmpp/errors.ts'
import type { SaslContext, SaslStep, ScramKeys } from '../../../src/xmpp/sasl/mechanism.ts'
import { type Flavour, ScramExchange, scramMechanisms } from '../../../src/xmpp/sasl/scram.ts'
import { saslContext } from '../../support/sasl-context.ts'

const USER = bareJid('user', 'example.com')

interface Vector {
  readonly flavour: Flavour
  readonly salt: string
  readonly ownNonce: string
  readonly clientFirst: string
  readonly serverFirst: string
  readonly clientFinal: string
  readonly serverFinal: string
}

/** Both for the user "user" with the password "pencil". */
const VECTORS: Record<string, Vector> = {
  'RFC 5802 §5': {
    flavour: { name: 'SCRAM-SHA-1', digest: 'sha1', plus: false },
    salt: 'QSXCR+Q6sek8bf92',
    ownNonce: '3rfcNHYJY1ZVvWVs7j',
    clientFirst: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal:
      'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  'RFC 7677 §3': {
    flavour: { name: 'SCRAM-SHA-256', digest: 'sha256', plus: false },
    salt: 'W22ZaJ0SNY7soEsUEjb6gQ==',
    ownNonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0',
    clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    serverFirst:
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
}

function keys(digest: string, salt: string): ScramKeys {
  const bytes = Buffer.from(salt, 'base64')
  const length = createHash(digest).digest().length
  const salted = pbkdf2Sync('pencil', bytes, 4096, length, digest)
  const hmac = (text: string) => createHmac(digest, salted).update(text).digest()
  const storedKey = createHash(digest).update(hmac('Client Key')).digest()
  return { salt: bytes, iterations: 4096, storedKey, serverKey: hmac('Server Key') }
}

interface Setting {
  found?: ScramKeys
  fake?: ScramKeys
  offersPlus?: boolean
}

function context({ found, fake, offersPlus = false }: Setting): SaslContext {
  const decoy = fake ?? keys('sha1', '')
  return saslContext({
    domain: 'example.com',
    credentials: {
      scram: async (account) => (account === USER ? found : undefined),
      fakeScram: () => decoy,
      ha1: async () => undefined,
      verifyPassword: async () => false,
    },
    offersPlus,
    channelBinding: (type) => (type === 'tls-exporter' ? Buffer.from('exporter') : undefined),
  })
}

async function text(step: SaslStep | Promise<SaslStep>): Promise<string> {
  return (await step).data?.toString() ?? ''
}

/** A promise too where the exchange throws at once. */
async function step(exchange: ScramExchange, message: string): Promise<SaslStep> {
  return await exchange.step(Buffer.from(message))
}

function refused(condition: string) {
  return (error: unknown) => error instanceof SaslError && error.condition === condition
}

describe('SCRAM', () => {
  for (const [title, vector] of Object.entries(VECTORS)) {
    it(`agrees with the example of ${title}`, async () => {
      const { flavour, salt, ownNonce } = vector
      const found = keys(flavour.digest, salt)
      const exchange = new ScramExchange(context({ found }), flavour, ownNonce)
      assert.equal(await text(step(exchange, vector.clientFirst)), vector.serverFirst)
      const end = await step(exchange, vector.clientFinal)
      assert.equal(end.kind === 'success' && end.account, USER)
      assert.equal(await text(end), vector.serverFinal)
    })

    it(`refuses the example of ${title} with anything changed`, async () => {
      const { flavour, salt, ownNonce, clientFirst, clientFinal } = vector
      const found = keys(flavour.digest, salt)
      for (const [from, to, condition] of [
        ['c=biws', 'c=eSws', 'not-authorized'], // y,, where n,, was
        ['r=', 'r=x', 'not-authorized'],
        ['p=', 'p=AAAA', 'not-authorized'],
        [/p=.*$/, 'p=AAAA', 'not-authorized'],
        [/,p=.*$/, '', 'malformed-request'],
        [/^/, 'x', 'malformed-request'],
      ] as const) {
        const exchange = new ScramExchange(context({ found }), flavour, ownNonce)
        await step(exchange, clientFirst)
        await assert.rejects(step(exchange, clientFinal.replace(from, to)), refused(condition))
      }
    })

    it(`does not take the example of ${title} for an account that there is not`, async () => {
      const { flavour, salt, ownNonce } = vector
      // Even with the decoy's own password.
      const fake = keys(flavour.digest, salt)
      const exchange = new ScramExchange(context({ fake }), flavour, ownNonce)
      assert.equal(await text(step(exchange, vector.clientFirst)), vector.serverFirst)
      await assert.rejects(step(exchange, vector.clientFinal), refused('not-authorized'))
    })
  }

  const flavour = { name: 'SCRAM-SHA-1', digest: 'sha1', plus: false } as const
  for (const [first, condition] of [
    ['n,,n=user', 'malformed-request'],
    ['n,,m=ext,n=user,r=abc', 'malformed-request'], // §5.1: a mandatory extension that nobody knows
    ['n,,n=us=er,r=abc', 'malformed-request'],
    ['n,,n=user,r=', 'malformed-request'],
    ['x,,n=user,r=abc', 'malformed-request'],
    ['p=tls-exporter,,n=user,r=abc', 'malformed-request'],
    [`n,,n=user,r=${'a'.repeat(5000)}`, 'malformed-request'],
    ['n,,n=us er,r=abc', 'not-authorized'],
  ] as const) {
    it(`refuses ${first.slice(0, 40)}`, async () => {
      const exchange = new ScramExchange(context({}), flavour)
      await assert.rejects(step(exchange, first), refused(condition))
    })
  }

  it('notices who took the binding mechanisms out of the offer', async () => {
    const hidden = new ScramExchange(context({ offersPlus: true }), flavour)
    await assert.rejects(step(hidden, 'y,,n=user,r=abc'), refused('not-authorized'))
    const honest = new ScramExchange(context({ offersPlus: false }), flavour)
    assert.equal((await step(honest, 'y,,n=user,r=abc')).kind, 'challenge')
  })

  it('binds only to what the channel has', async () => {
    const plus = { ...flavour, plus: true }
    for (const [first, condition] of [
      ['p=tls-server-end-point,,n=user,r=abc', 'not-authorized'],
      ['p=tls-imaginary,,n=user,r=abc', 'malformed-request'],
      ['n,,n=user,r=abc', 'malformed-request'],
    ] as const) {
      const exchange = new ScramExchange(context({ offersPlus: true }), plus)
      await assert.rejects(step(exchange, first), refused(condition))
    }
  })

  it('makes a nonce of its own each time', async () => {
    const nonces = new Set<string>()
    for (let n = 0; n < 100; n++) {
      const challenge = await text(step(new ScramExchange(context({}), flavour), 'n,,n=user,r=abc'))
      nonces.add(challenge)
    }
    assert.equal(nonces.size, 100)
  })

  it('is offered strongest first, with channel binding before without', () => {
    assert.deepEqual(
      scramMechanisms.map(({ name }) => name),
      [
        'SCRAM-SHA-512-PLUS',
        'SCRAM-SHA-256-PLUS',
        'SCRAM-SHA-1-PLUS',
        'SCRAM-SHA-512',
        'SCRAM-SHA-256',
        'SCRAM-SHA-1',
      ],
    )
  })
})
