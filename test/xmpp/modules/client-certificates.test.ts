/** XEP-0178: SASL EXTERNAL with certificates of clients, which RFC 6120 §13.7 describes. */
import assert from 'node:assert/strict'
import { after, describe, it, type TestContext } from 'node:test'
import { createLog } from '../../../src/util/log.ts'
import type { Element } from '../../../src/xml/element.ts'
import { ClientAuthority, type ClientNames } from '../../support/client-authority.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { authenticate, NS_SASL2 } from '../../support/sasl2-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, type Rig, type RigOptions, startRig } from '../rig.ts'

const JULIET = 'juliet@capulet.example'
const NURSE = 'nurse@capulet.example'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'

const authority = new ClientAuthority()
const stranger = new ClientAuthority('Strangers')
after(() => {
  authority[Symbol.dispose]()
  stranger[Symbol.dispose]()
})

const base64 = (text: string) => (text === '' ? '=' : Buffer.from(text).toString('base64'))
const external = (authzid: string) =>
  `<auth xmlns='${NS_SASL}' mechanism='EXTERNAL'>${base64(authzid)}</auth>`

function asking(isRequired = false): NonNullable<RigOptions['listener']> {
  return { clientCertificates: { authorities: authority.certificate, isRequired } }
}

type Identity = ReturnType<ClientAuthority['issue']>

async function connect(rig: Rig, identity?: Identity): Promise<XmppClient> {
  return await XmppClient.connect({
    port: rig.directPort,
    direct: true,
    ...(identity && { identity }),
  })
}

function mechanisms(features: Element): string[] {
  return [...(features.child('mechanisms', NS_SASL)?.elements() ?? [])].map((el) => el.text())
}

/** `success`, or the condition of the failure. */
function said(outcome: Element): string | undefined {
  return outcome.name === 'success' ? 'success' : outcome.child(undefined, NS_SASL)?.name
}

for (const [where, workers] of [
  ['in this thread', 0],
  ['in threads of their own', 2],
] as const) {
  describe(`a client’s certificate, with sockets ${where}`, () => {
    const start = (t: TestContext, options: RigOptions = {}) =>
      startRig(t, { listener: asking(), workers, ...options })

    async function attempt(
      rig: Rig,
      names: ClientNames,
      authzid = '',
    ): Promise<string | undefined> {
      await using client = await connect(rig, authority.issue(names))
      await client.open('capulet.example')
      client.send(external(authzid))
      return said(await client.expect((el) => el.ns === NS_SASL))
    }

    it('signs its owner in, who has shown it in either kind of TLS', async (t) => {
      const rig = await start(t)
      const identity = authority.issue({ xmpp: [JULIET] })
      await using direct = await connect(rig, identity)
      assert.equal(mechanisms(await direct.open('capulet.example'))[0], 'EXTERNAL')
      direct.send(external(''))
      await direct.expect((el) => el.is('success', NS_SASL))

      await using client = await XmppClient.connect({ port: rig.port })
      await client.open('capulet.example')
      await client.startTls('capulet.example', identity)
      await client.open('capulet.example', JULIET)
      client.send(authenticate({ jid: JULIET, mechanism: 'EXTERNAL' }, Buffer.alloc(0)))
      const success = await client.expect((el) => el.ns === NS_SASL2)
      assert.equal(success.child('authorization-identifier')?.text(), JULIET, String(success))
    })

    it('is asked for and need not be shown; without one the password is as good as ever', async (t) => {
      const rig = await start(t)
      await using client = await connect(rig)
      assert.ok(!mechanisms(await client.open('capulet.example')).includes('EXTERNAL'))
      client.send(external(''))
      const failure = await client.expect((el) => el.is('failure', NS_SASL))
      assert.equal(said(failure), 'invalid-mechanism')
      assert.equal(said(await client.authenticate({ jid: JULIET, password: PASSWORD })), 'success')
    })

    it('is nobody’s without its authority, nor when it has expired, nor for another purpose', async (t) => {
      const lines: string[] = []
      const log = createLog('info', { write: (line: string) => void lines.push(line) })
      const rig = await start(t, { log })
      for (const [identity, condition] of [
        [stranger.issue({ xmpp: [JULIET] }), 'not-authorized'],
        [authority.issue({ xmpp: [JULIET], days: -1 }), 'credentials-expired'],
        [authority.issue({ xmpp: [JULIET], usage: 'serverAuth' }), 'not-authorized'],
      ] as const) {
        await using client = await connect(rig, identity)
        assert.ok(!mechanisms(await client.open('capulet.example')).includes('EXTERNAL'))
        client.send(external(''))
        assert.equal(said(await client.expect((el) => el.is('failure', NS_SASL))), condition)
        assert.equal(
          said(await client.authenticate({ jid: JULIET, password: PASSWORD })),
          'success',
        )
      }
      const problems = lines.flatMap((line) => /"problem":"(\w+)"/.exec(line)?.[1] ?? [])
      assert.equal(problems[1], 'CERT_HAS_EXPIRED')
      assert.equal(problems.length, 3)
    })

    it('keeps out who has none, or one that is none, where it is required', async (t) => {
      const rig = await start(t, { listener: asking(true) })
      for (const identity of [undefined, stranger.issue({ xmpp: [JULIET] })]) {
        // In TLS 1.3 the client hears of it when its handshake is done.
        const client = await connect(rig, identity).catch(() => undefined)
        client?.sendHeader('capulet.example')
        await client?.closed()
        assert.equal(client?.header, undefined)
      }
      await using client = await connect(rig, authority.issue({ xmpp: [JULIET] }))
      await client.open('capulet.example')
    })

    it('with several names is for the one that the client says', async (t) => {
      const rig = await start(t)
      const names = { xmpp: [JULIET, NURSE, 'romeo@montague.example'] }
      assert.equal(await attempt(rig, names, NURSE), 'success')
      assert.equal(await attempt(rig, names, JULIET), 'success')
      assert.equal(await attempt(rig, names), 'invalid-authzid')
      assert.equal(await attempt(rig, names, 'romeo@montague.example'), 'invalid-authzid')
      assert.equal(await attempt(rig, names, 'tybalt@capulet.example'), 'invalid-authzid')
    })

    it('with one name is for that, said or not', async (t) => {
      const rig = await start(t)
      assert.equal(await attempt(rig, { xmpp: [JULIET] }, JULIET), 'success')
      assert.equal(await attempt(rig, { xmpp: [JULIET] }, NURSE), 'invalid-authzid')
      assert.equal(await attempt(rig, { xmpp: [JULIET, 'nobody@capulet.example'] }), 'success')
    })

    it('is of no use for who is not there, or disabled, or at another domain', async (t) => {
      const rig = await start(t)
      assert.equal(await attempt(rig, { xmpp: ['nobody@capulet.example'] }), 'not-authorized')
      assert.equal(await attempt(rig, { xmpp: ['tybalt@capulet.example'] }), 'account-disabled')
      assert.equal(await attempt(rig, { xmpp: ['romeo@montague.example'] }), 'not-authorized')
    })
  })
}

describe('a certificate without an XMPP address', () => {
  const attempt = async (
    t: TestContext,
    certificateFallback: 'off' | 'email' | 'common-name',
    names: ClientNames,
  ) => {
    const rig = await startRig(t, { listener: asking(), config: { certificateFallback } })
    await using client = await connect(rig, authority.issue(names))
    const features = await client.open('capulet.example')
    client.send(external(''))
    const outcome = said(await client.expect((el) => el.ns === NS_SASL))
    assert.equal(mechanisms(features).includes('EXTERNAL'), outcome === 'success')
    return outcome
  }

  it('names nobody unless the operator says what does', async (t) => {
    const names = { email: [JULIET], commonName: 'juliet' }
    assert.equal(await attempt(t, 'off', names), 'not-authorized')
    assert.equal(await attempt(t, 'email', names), 'success')
    assert.equal(await attempt(t, 'common-name', names), 'success')
    assert.equal(await attempt(t, 'common-name', { commonName: JULIET }), 'success')
    assert.equal(await attempt(t, 'common-name', { commonName: 'Juliet C.' }), 'not-authorized')
    assert.equal(await attempt(t, 'email', { commonName: 'juliet' }), 'not-authorized')
  })

  it('is looked at for nothing else where there is an XMPP address', async (t) => {
    const names = { xmpp: ['romeo@montague.example'], email: [JULIET], commonName: 'juliet' }
    assert.equal(await attempt(t, 'email', names), 'not-authorized')
    assert.equal(await attempt(t, 'common-name', names), 'not-authorized')
  })
})

describe('a TLS session', () => {
  it('that is resumed is still that of the one who showed his certificate', async (t) => {
    const rig = await startRig(t, { listener: asking(true), workers: 0 })
    await using first = await connect(rig, authority.issue({ xmpp: [JULIET] }))
    const given = new Promise<Buffer>((resolve) => first.tls.once('session', resolve))
    await first.open('capulet.example')
    const session = await given
    await using client = await XmppClient.connect({ port: rig.directPort, direct: true, session })
    assert.ok(client.tls.isSessionReused())
    await client.open('capulet.example')
    client.send(external(''))
    await client.expect((el) => el.is('success', NS_SASL))
  })
})

describe('the end of a certificate', () => {
  it('counts by the server’s clock, too: a TLS session may outlive it', async (t) => {
    const clock = new FakeClock(Date.now() + 3 * 86_400_000)
    const rig = await startRig(t, { listener: asking(), clock })
    await using client = await connect(rig, authority.issue({ xmpp: [JULIET] }))
    await client.open('capulet.example')
    client.send(external(''))
    const failure = await client.expect((el) => el.is('failure', NS_SASL))
    assert.equal(said(failure), 'credentials-expired')
  })
})
