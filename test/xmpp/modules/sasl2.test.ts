/** XEP-0388: Extensible SASL Profile; XEP-0440: SASL Channel-Binding Type Capability; XEP-0474: SCRAM downgrade protection. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { xml } from '../../../src/xml/element.ts'
import { authenticate, NS_SASL2 } from '../../support/sasl2-client.ts'
import { ScramClient } from '../../support/scram-client.ts'
import { type ConnectOptions, XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, type RigOptions, startRig } from '../rig.ts'

const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }
const AGENT = 'd4565fa7-4d72-4749-b3d3-740edbf87770'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_STREAM = 'http://etherx.jabber.org/streams'
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'
const NS_CHANNEL_BINDING = 'urn:xmpp:sasl-cb:0'

const base64 = (text: string) => Buffer.from(text).toString('base64')

async function opened(t: TestContext, options: RigOptions = {}, connect?: Partial<ConnectOptions>) {
  const rig = await startRig(t, options)
  const client = await XmppClient.connect({ port: rig.directPort, direct: true, ...connect })
  t.after(() => client[Symbol.asyncDispose]())
  const features = await client.open('capulet.example', JULIET.jid)
  return { rig, client, features }
}

function names(features: ReturnType<typeof xml>): string[] {
  const offered = features.child('authentication', NS_SASL2)
  return [...(offered?.elements() ?? [])].flatMap((el) =>
    el.is('mechanism', NS_SASL2) ? [el.text()] : [],
  )
}

describe('SASL2', () => {
  it('is offered beside the older profile, with the types of channel binding that there are', async (t) => {
    const { features } = await opened(t)
    assert.deepEqual(names(features), [
      'SCRAM-SHA-512-PLUS',
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-512',
      'SCRAM-SHA-256',
      'SCRAM-SHA-1',
      'PLAIN',
    ])
    assert.ok(features.child('mechanisms', NS_SASL))
    const inline = features.child('authentication', NS_SASL2)?.child('inline')
    assert.ok(inline?.child('sm', 'urn:xmpp:sm:3'))
    const bind = inline?.child('bind', 'urn:xmpp:bind:0')?.child('inline')
    const bound = [...(bind?.elements() ?? [])].map((el) => el.attr('var'))
    assert.deepEqual(bound, ['urn:xmpp:sm:3', 'urn:xmpp:csi:0'])
    const types = features.child('sasl-channel-binding', NS_CHANNEL_BINDING)
    assert.deepEqual(
      [...(types?.elements() ?? [])].map((el) => el.attr('type')),
      ['tls-exporter', 'tls-server-end-point'],
    )
  })

  it('is not offered without TLS, nor taken, though the operator allows signing in there', async (t) => {
    const { port } = await startRig(t, { config: { plaintextAuth: true } })
    await using client = await XmppClient.connect({ port })
    const features = await client.open('capulet.example')
    assert.equal(features.child('authentication', NS_SASL2), undefined)
    assert.ok(features.child('mechanisms', NS_SASL))
    const outcome = await client.authenticate2({ ...JULIET, mechanism: 'PLAIN' })
    assert.ok(outcome.child('encryption-required', NS_SASL))
  })

  for (const mechanism of ['PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256-PLUS', 'SCRAM-SHA-512-PLUS']) {
    it(`signs in with ${mechanism}, and offers a resource on the same stream`, async (t) => {
      const { client } = await opened(t)
      const header = client.header
      const success = await client.authenticate2({ ...JULIET, mechanism, agent: AGENT })
      assert.equal(success.name, 'success', String(success))
      assert.equal(success.child('authorization-identifier')?.text(), JULIET.jid)
      const features = await client.expect((el) => el.is('features', NS_STREAM))
      assert.ok(features.child('bind', NS_BIND))
      assert.equal(features.child('authentication', NS_SASL2), undefined)
      await client.bind('balcony')
      assert.equal(client.jid, `${JULIET.jid}/balcony`)
      assert.equal(client.header, header)
    })
  }

  it('takes all that a client sends without waiting for answers', async (t) => {
    const { rig, client } = await opened(t)
    client.send(
      authenticate({ ...JULIET, mechanism: 'PLAIN' }, Buffer.from(`\0juliet\0${PASSWORD}`)),
    )
    client.send(
      `<iq type='set' id='b'><bind xmlns='${NS_BIND}'><resource>r</resource></bind></iq>` +
        `<message to='romeo@montague.example'><body>now</body></message>`,
    )
    await client.expect((el) => el.attr('id') === 'b')
    await client.settle()
    assert.equal(rig.handler.stanzas[0]?.child('body')?.text(), 'now')
  })

  it('asks for what the mechanism needs where nothing came with the beginning', async (t) => {
    const { client } = await opened(t)
    client.send(authenticate({ ...JULIET, mechanism: 'PLAIN' }))
    assert.equal((await client.expect((el) => el.is('challenge', NS_SASL2))).text(), '')
    client.send(`<response xmlns='${NS_SASL2}'>${base64(`\0juliet\0${PASSWORD}`)}</response>`)
    await client.expect((el) => el.is('success', NS_SASL2))
  })

  for (const [condition, text] of [
    ['invalid-mechanism', authenticate({ ...JULIET, mechanism: 'X' }, Buffer.from('a'))],
    ['mechanism-too-weak', authenticate({ ...JULIET, mechanism: 'DIGEST-MD5' }, Buffer.from('a'))],
    ['malformed-request', `<response xmlns='${NS_SASL2}'>YQ==</response>`],
    ['malformed-request', authenticate({ jid: 'x', agent: 'no-uuid', mechanism: 'PLAIN' })],
    [
      'incorrect-encoding',
      `<authenticate xmlns='${NS_SASL2}' mechanism='PLAIN'><initial-response>=</initial-response></authenticate>`,
    ],
    ['not-authorized', authenticate({ jid: 'x', mechanism: 'PLAIN' }, Buffer.from('\0juliet\0no'))],
    [
      'account-disabled',
      authenticate({ jid: 'x', mechanism: 'PLAIN' }, Buffer.from(`\0tybalt\0${PASSWORD}`)),
    ],
  ] as const) {
    it(`fails with ${condition} after ${text.slice(0, 110)}, and may be tried again`, async (t) => {
      const { client } = await opened(t)
      client.send(text)
      const failure = await client.expect((el) => el.is('failure', NS_SASL2))
      assert.ok(failure.child(condition, NS_SASL), String(failure))
      assert.equal((await client.authenticate2(JULIET)).name, 'success')
    })
  }

  it('may be given up by the client at any time', async (t) => {
    const { client } = await opened(t)
    client.send(authenticate({ ...JULIET, mechanism: 'PLAIN' }))
    await client.expect((el) => el.is('challenge', NS_SASL2))
    client.send(`<abort xmlns='${NS_SASL2}'><text>no</text></abort>`)
    const failure = await client.expect((el) => el.is('failure', NS_SASL2))
    assert.ok(failure.child('aborted', NS_SASL))
  })

  for (const other of [
    `<message to='romeo@montague.example'/>`,
    `<auth xmlns='${NS_SASL}' mechanism='PLAIN'/>`,
    authenticate({ ...JULIET, mechanism: 'PLAIN' }),
  ]) {
    it(`is cut off where ${other.slice(0, 40)} comes in between`, async (t) => {
      const { client } = await opened(t)
      client.send(authenticate({ ...JULIET, mechanism: 'PLAIN' }))
      await client.expect((el) => el.is('challenge', NS_SASL2))
      client.send(other)
      const error = await client.expectStreamError()
      assert.ok(error.child('policy-violation', NS_STREAM_ERRORS), String(error))
    })
  }

  it('happens once: another attempt after it ends the stream', async (t) => {
    const { client } = await opened(t)
    await client.authenticate2(JULIET)
    client.send(authenticate({ ...JULIET, mechanism: 'PLAIN' }))
    await client.expectStreamError()
  })

  it('is for whom the stream is from', async (t) => {
    const { client } = await opened(t)
    const plain = { jid: 'x', mechanism: 'PLAIN' }
    client.send(authenticate(plain, Buffer.from(`\0nurse\0${PASSWORD}`)))
    const failure = await client.expect((el) => el.is('failure', NS_SASL2))
    assert.ok(failure.child('invalid-authzid', NS_SASL), String(failure))
  })

  it('is not begun by who says that he is of another domain', async (t) => {
    const { directPort } = await startRig(t)
    await using client = await XmppClient.connect({ port: directPort, direct: true })
    client.sendHeader('capulet.example', 'romeo@montague.example')
    const error = await client.expectStreamError()
    assert.ok(error.child('invalid-from', NS_STREAM_ERRORS))
  })

  it('tells with SCRAM what was offered, so that nobody can take from it', async (t) => {
    const { client, features } = await opened(t)
    const mechanism = 'SCRAM-SHA-256'
    const scram = new ScramClient({ mechanism, user: 'juliet', password: PASSWORD })
    client.send(authenticate({ ...JULIET, mechanism }, Buffer.from(scram.first())))
    const challenge = await client.expect((el) => el.is('challenge', NS_SASL2))
    scram.final(Buffer.from(challenge.text(), 'base64').toString())
    const offered = `${names(features).sort().join('\x1e')}\x1ftls-exporter\x1etls-server-end-point`
    assert.equal(scram.offerHash, createHash('sha256').update(offered).digest('base64'))
  })

  it('lets stanzas be larger from then on', async (t) => {
    const { client } = await opened(t)
    await client.authenticate2(JULIET)
    await client.bind()
    client.send(`<message to='a@b'><body>${'x'.repeat(50_000)}</body></message>`)
    await client.settle()
  })

  it('ends the stream after five failures', async (t) => {
    const { client } = await opened(t)
    for (let n = 0; n < 5; n++) {
      client.send(authenticate({ jid: 'x', mechanism: 'PLAIN' }, Buffer.from('\0juliet\0wrong')))
    }
    assert.ok((await client.expectStreamError()).child('policy-violation', NS_STREAM_ERRORS))
  })
})

describe('the hash of what is offered', () => {
  it('is that of the example of XEP-0474', async () => {
    const text = 'SCRAM-SHA-1\x1eSCRAM-SHA-1-PLUS\x1ftls-exporter\x1etls-server-end-point'
    const { Offered } = await import('../../../src/xmpp/sasl/offered.ts')
    const { scramMechanisms } = await import('../../../src/xmpp/sasl/scram.ts')
    const sha1 = scramMechanisms.filter(({ name }) => name.startsWith('SCRAM-SHA-1'))
    const offered = new Offered(sha1, ['tls-exporter', 'tls-server-end-point'])
    assert.equal(offered.hash('sha1'), createHash('sha1').update(text).digest('base64'))
    assert.equal(offered.hash('sha1'), 'G6k/rBLDqgOhRRaCuuatSDFkJ08=')
  })
})
