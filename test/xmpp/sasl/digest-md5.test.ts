import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { bareJid } from '../../../src/core/address.ts'
import { SaslError } from '../../../src/xmpp/errors.ts'
import { digestMd5, parseDirectives, responses } from '../../../src/xmpp/sasl/digest-md5.ts'
import { saslContext } from '../../support/sasl-context.ts'

const md5 = (text: string) => createHash('md5').update(text).digest('hex')
const CHRIS = bareJid('chris', 'elwood.innosoft.com')
const HA1 = md5('chris:elwood.innosoft.com:secret')

const context = saslContext({
  domain: 'elwood.innosoft.com',
  credentials: {
    scram: async () => undefined,
    fakeScram: () => assert.fail('not asked for'),
    ha1: async (account) => (account === CHRIS ? HA1 : undefined),
    verifyPassword: async () => false,
  },
})

describe('DIGEST-MD5', () => {
  it('agrees with the example of RFC 2831 §4', () => {
    const given = parseDirectives(
      'charset=utf-8,username="chris",realm="elwood.innosoft.com",nonce="OA6MG9tEQGm2hh",nc=00000001,cnonce="OA6MHXh6VqTrRk",digest-uri="imap/elwood.innosoft.com",response=d388dad90d4bbd760a152321f2143af7,qop=auth',
    )
    assert.deepEqual(responses(HA1, given, 'OA6MG9tEQGm2hh'), {
      client: 'd388dad90d4bbd760a152321f2143af7',
      server: 'ea40f60335c427b5527b84dbabcdfffd',
    })
  })

  it('reads directives quoted and not, with white space and escapes, each once', () => {
    const directives = parseDirectives('a=1 , B="x, \\"y\\" \\\\" ,c=""')
    assert.deepEqual(
      [...directives],
      [
        ['a', '1'],
        ['b', 'x, "y" \\'],
        ['c', ''],
      ],
    )
    for (const text of ['a', 'a=1,a=2', 'a="', '=1', `a="${'x'.repeat(5000)}"`]) {
      assert.throws(() => parseDirectives(text), SaslError, text)
    }
  })

  /** The client's answer to a challenge, with some of it changed. */
  async function answer(changes: Record<string, string>, ha1 = HA1): Promise<string> {
    const exchange = digestMd5.start(context)
    const challenge = await exchange.step(Buffer.alloc(0))
    const offered = parseDirectives(challenge.data?.toString() ?? '')
    assert.equal(offered.get('realm'), 'elwood.innosoft.com')
    assert.equal(offered.get('qop'), 'auth')
    const nonce = offered.get('nonce') ?? ''
    const given = new Map(
      Object.entries({
        username: 'chris',
        realm: 'elwood.innosoft.com',
        nonce,
        cnonce: 'OA6MHXh6VqTrRk',
        nc: '00000001',
        qop: 'auth',
        'digest-uri': 'xmpp/elwood.innosoft.com',
        ...changes,
      }),
    )
    given.set('response', responses(ha1, given, nonce).client)
    const text = [...given].map(([name, value]) => `${name}="${value}"`).join(',')
    try {
      const proof = await exchange.step(Buffer.from(text))
      assert.match(proof.data?.toString() ?? '', /^rspauth=[0-9a-f]{32}$/)
      const end = await exchange.step(Buffer.alloc(0))
      return end.kind === 'success' ? end.account : 'not done'
    } catch (error) {
      return error instanceof SaslError ? error.condition : String(error)
    }
  }

  it('lets in who has the password', async () => {
    assert.equal(await answer({}), 'chris@elwood.innosoft.com')
    assert.equal(
      await answer({ authzid: 'chris@elwood.innosoft.com' }),
      'chris@elwood.innosoft.com',
    )
  })

  for (const [title, changes] of [
    ['another nonce', { nonce: 'stolen' }],
    ['a nonce that was used', { nc: '00000002' }],
    ['another quality of protection', { qop: 'auth-int' }],
    ['another realm', { realm: 'elsewhere.example' }],
    ['another service', { 'digest-uri': 'imap/elwood.innosoft.com' }],
    ['no nonce of the client', { cnonce: '' }],
    ['an unknown user', { username: 'nobody' }],
  ] as const) {
    it(`refuses ${title}`, async () => {
      assert.equal(await answer(changes), 'not-authorized')
    })
  }

  it('refuses a wrong password, and to act for another', async () => {
    assert.equal(await answer({}, md5('chris:elwood.innosoft.com:wrong')), 'not-authorized')
    assert.equal(await answer({ authzid: 'romeo@example.com' }), 'invalid-authzid')
  })
})
