import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { metrics } from '../../../src/util/metrics.ts'
import { parseDirectives, responses } from '../../../src/xmpp/sasl/digest-md5.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { ScramClient } from '../../support/scram-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

describe('signing in', () => {
  async function secured(port: number): Promise<XmppClient> {
    const client = await XmppClient.connect({ port, direct: true })
    await client.open('capulet.example')
    return client
  }
  const auth = (mechanism: string, text: string) =>
    `<auth xmlns='${NS_SASL}' mechanism='${mechanism}'>${text}</auth>`

  for (const [condition, text] of [
    ['invalid-mechanism', auth('KERBEROS_V4', '=')],
    ['incorrect-encoding', auth('PLAIN', '!!!')],
    ['malformed-request', auth('PLAIN', base64('no nuls'))],
    ['malformed-request', auth('SCRAM-SHA-256', base64('n,,r=1'))],
    ['malformed-request', auth('SCRAM-SHA-256-PLUS', base64('n,,n=juliet,r=1'))],
    ['malformed-request', `<response xmlns='${NS_SASL}'>=</response>`],
    ['aborted', `<abort xmlns='${NS_SASL}'/>`],
    ['not-authorized', auth('PLAIN', base64('\0juliet\0wrong'))],
    ['not-authorized', auth('PLAIN', base64('\0nobody\0wrong'))],
    ['invalid-authzid', auth('PLAIN', base64(`romeo@montague.example\0juliet\0${PASSWORD}`))],
    ['account-disabled', auth('PLAIN', base64(`\0tybalt\0${PASSWORD}`))],
    ['not-authorized', auth('SCRAM-SHA-1', base64('y,,n=juliet,r=abc'))],
  ] as const) {
    it(`fails with ${condition} after ${text.slice(0, 80)}, and may be tried again`, async (t) => {
      const { directPort } = await startRig(t)
      await using client = await secured(directPort)
      client.send(text)
      const failure = await client.expect((el) => el.name === 'failure')
      assert.ok(failure.child(condition), String(failure))
      assert.equal((await client.authenticate(JULIET)).name, 'success')
    })
  }

  it('may give its own bare JID to act for, and an empty first message', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    client.send(`<auth xmlns='${NS_SASL}' mechanism='PLAIN'/>`)
    assert.equal((await client.expect((el) => el.name === 'challenge')).text(), '')
    const response = base64(`juliet@capulet.example\0juliet\0${PASSWORD}`)
    client.send(`<response xmlns='${NS_SASL}'>${response}</response>`)
    await client.expect((el) => el.name === 'success')
  })

  it('binds to the server’s certificate too (tls-server-end-point)', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    for (const [data, outcome] of [
      [Buffer.alloc(32), 'failure'],
      [client.endPoint(), 'success'],
    ] as const) {
      const scram = new ScramClient({
        mechanism: 'SCRAM-SHA-256-PLUS',
        user: 'juliet',
        password: PASSWORD,
        binding: { type: 'tls-server-end-point', data },
      })
      client.send(auth('SCRAM-SHA-256-PLUS', base64(scram.first())))
      const challenge = await client.expect((el) => el.name === 'challenge')
      const final = scram.final(Buffer.from(challenge.text(), 'base64').toString())
      client.send(`<response xmlns='${NS_SASL}'>${base64(final)}</response>`)
      await client.expect((el) => el.name === outcome)
    }
  })

  it('tells nothing of who exists: an unknown user is asked for a proof as any other', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await secured(directPort)
    const outcome = await client.authenticate({ jid: 'nobody@capulet.example', password: PASSWORD })
    assert.ok(outcome.child('not-authorized'))
  })

  it('ends the stream after five failures', async (t) => {
    const { directPort } = await startRig(t)
    const client = await secured(directPort)
    for (let n = 0; n < 5; n++) client.send(auth('PLAIN', base64('\0juliet\0wrong')))
    assert.ok((await client.expectStreamError()).child('policy-violation', NS_STREAM_ERRORS))
    await client.closed()
  })

  it('is closed for a while to an address that only guesses', async (t) => {
    const clock = new FakeClock()
    const { directPort } = await startRig(t, { clock })
    for (let n = 0; n < 4; n++) {
      const client = await secured(directPort)
      for (let tries = 0; tries < 5; tries++) client.send(auth('PLAIN', base64('\0juliet\0wrong')))
      await client.expectStreamError()
      await client.closed()
    }
    await using client = await secured(directPort)
    const refused = await client.authenticate(JULIET)
    assert.ok(refused.child('temporary-auth-failure'), String(refused))
    clock.advance(300_000)
    await using patient = await secured(directPort)
    assert.equal((await patient.authenticate(JULIET)).name, 'success')
  })

  it('without TLS is refused unless the operator allows it', async (t) => {
    const { port } = await startRig(t)
    await using client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    client.send(auth('PLAIN', base64(`\0juliet\0${PASSWORD}`)))
    const failure = await client.expect((el) => el.name === 'failure')
    assert.ok(failure.child('encryption-required'))
    const open = await startRig(t, { config: { plaintextAuth: true } })
    await using bench = await XmppClient.signIn(
      { port: open.port },
      { ...JULIET, mechanism: 'SCRAM-SHA-1' },
    )
    assert.match(bench.jid, /^juliet@/)
  })

  it('with DIGEST-MD5 where the domain has it, and not where it has not', async (t) => {
    const rig = await startRig(t)
    await using weak = await secured(rig.directPort)
    weak.send(auth('DIGEST-MD5', ''))
    assert.ok((await weak.expect((el) => el.name === 'failure')).child('mechanism-too-weak'))

    rig.accounts.digestMd5 = true
    await using client = await XmppClient.connect({ port: rig.directPort, direct: true })
    const features = await client.open('capulet.example')
    const offered = [...(features.child('mechanisms', NS_SASL)?.elements() ?? [])]
    assert.equal(offered.at(-1)?.text(), 'DIGEST-MD5')
    client.send(auth('DIGEST-MD5', ''))
    const decoded = async () => {
      const challenge = await client.expect((el) => el.name === 'challenge')
      return parseDirectives(Buffer.from(challenge.text(), 'base64').toString())
    }
    const nonce = (await decoded()).get('nonce') ?? ''
    const given = parseDirectives(
      `username="juliet",realm="capulet.example",nonce="${nonce}",cnonce="c",nc=00000001,qop=auth,digest-uri="xmpp/capulet.example",charset=utf-8`,
    )
    const hash = createHash('md5').update(`juliet:capulet.example:${PASSWORD}`).digest('hex')
    const { client: response, server } = responses(hash, given, nonce)
    const text = [...given, ['response', response]].map(([name, value]) => `${name}="${value}"`)
    client.send(`<response xmlns='${NS_SASL}'>${base64(text.join(','))}</response>`)
    assert.equal((await decoded()).get('rspauth'), server)
    client.send(`<response xmlns='${NS_SASL}'/>`)
    await client.expect((el) => el.name === 'success')
  })

  it('fails for a while, and not for good, where the directory does', async (t) => {
    const { directPort, accounts } = await startRig(t)
    accounts.verifyPassword = () => Promise.reject(new Error('the database is away'))
    await using client = await secured(directPort)
    const outcome = await client.authenticate({ ...JULIET, mechanism: 'PLAIN' })
    assert.ok(outcome.child('temporary-auth-failure'), String(outcome))
    assert.equal((await client.authenticate(JULIET)).name, 'success')
  })

  it('is counted by mechanism and result', async (t) => {
    const { directPort } = await startRig(t)
    const count = async (mechanism: string, result: string) => {
      const metric = await metrics.getSingleMetric('heliograph_xmpp_logins_total')?.get()
      const found = metric?.values.find(
        ({ labels }) => labels.mechanism === mechanism && labels.result === result,
      )
      return found?.value ?? 0
    }
    const before = [await count('SCRAM-SHA-512', 'success'), await count('PLAIN', 'not-authorized')]
    await using client = await secured(directPort)
    client.send(auth('PLAIN', base64('\0juliet\0wrong')))
    await client.expect((el) => el.name === 'failure')
    await client.authenticate({ ...JULIET, mechanism: 'SCRAM-SHA-512' })
    const after = [await count('SCRAM-SHA-512', 'success'), await count('PLAIN', 'not-authorized')]
    assert.deepEqual(
      after,
      before.map((value) => value + 1),
    )
  })
})
