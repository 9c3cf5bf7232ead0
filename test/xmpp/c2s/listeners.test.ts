/** XEP-0368 and others: listeners that treat their clients differently. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Element } from '../../../src/xml/element.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { PASSWORD, startRig } from '../rig.ts'

const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_STREAM_ERRORS = 'urn:ietf:params:xml:ns:xmpp-streams'
const JULIET = { jid: 'juliet@capulet.example', password: PASSWORD }

function mechanisms(features: Element): string[] {
  const offered = features.child('mechanisms', NS_SASL)?.elements() ?? []
  return [...offered].map((mechanism) => mechanism.text())
}

describe('a listener with rules of its own', () => {
  it('takes the mechanisms that it is told to, and others do not change', async (t) => {
    const policy = { isTlsRequired: true, mechanisms: ['SCRAM-SHA-256'] }
    const rig = await startRig(t, { listeners: [{ name: 'strict', direct: true, policy }] })
    const port = rig.c2s.listeners.find(({ name }) => name === 'strict')?.port ?? 0
    await using client = await XmppClient.connect({ port, direct: true })
    assert.deepEqual(mechanisms(await client.open('capulet.example')), [
      'SCRAM-SHA-256-PLUS',
      'SCRAM-SHA-256',
    ])
    const refused = await client.authenticate({ ...JULIET, mechanism: 'PLAIN' })
    assert.ok(refused.child('invalid-mechanism', NS_SASL))
    await using usual = await XmppClient.connect({ port: rig.directPort, direct: true })
    assert.ok(mechanisms(await usual.open('capulet.example')).includes('PLAIN'))
  })

  it('lets clients sign in without TLS where it is told to, on that one only', async (t) => {
    const policy = { isTlsRequired: false, mechanisms: ['SCRAM-SHA-1'] }
    const rig = await startRig(t, { listeners: [{ name: 'old', direct: false, policy }] })
    const port = rig.c2s.listeners.find(({ name }) => name === 'old')?.port ?? 0
    const signIn = { ...JULIET, mechanism: 'SCRAM-SHA-1' }
    await using client = await XmppClient.signIn({ port }, signIn)
    assert.match(client.jid, /^juliet@/)
    await using other = await XmppClient.connect({ port: rig.port })
    assert.deepEqual(mechanisms(await other.open('capulet.example')), [])
  })

  it('names a realm of its own to clients of old', async (t) => {
    const policy = { isTlsRequired: false, mechanisms: ['DIGEST-MD5'], realm: 'Verona' }
    const rig = await startRig(t, { listeners: [{ name: 'old', direct: false, policy }] })
    rig.accounts.digestMd5 = true
    const port = rig.c2s.listeners.find(({ name }) => name === 'old')?.port ?? 0
    await using client = await XmppClient.connect({ port })
    await client.open('capulet.example')
    client.send(`<auth xmlns='${NS_SASL}' mechanism='DIGEST-MD5'/>`)
    const challenge = await client.expect(({ name }) => name === 'challenge')
    assert.match(Buffer.from(challenge.text(), 'base64').toString(), /realm="Verona"/)
  })

  it('takes as many connections as it is told to, and one more when one has gone', async (t) => {
    const rig = await startRig(t, {
      listeners: [{ name: 'small', direct: false, maxConnections: 1 }],
    })
    const port = rig.c2s.listeners.find(({ name }) => name === 'small')?.port ?? 0
    const first = await XmppClient.connect({ port })
    await first.open('capulet.example')
    const second = await XmppClient.connect({ port })
    const error = await second.expectStreamError()
    assert.ok(error.child('resource-constraint', NS_STREAM_ERRORS))
    await second.closed()
    await using elsewhere = await XmppClient.connect({ port: rig.port })
    await elsewhere.open('capulet.example')
    await first[Symbol.asyncDispose]()
    for (;;) {
      const third = await XmppClient.connect({ port })
      third.sendHeader('capulet.example')
      const answer = await third.expect(({ name }) => name === 'features' || name === 'error')
      await third.cut()
      if (answer.name === 'features') return
    }
  })

  it('asks silent clients after a time of its own', async (t) => {
    const clock = new FakeClock()
    const policy = { isTlsRequired: false }
    const rig = await startRig(t, {
      clock,
      listeners: [{ name: 'quick', direct: false, idleTimeoutMs: 30_000, policy }],
    })
    const port = rig.c2s.listeners.find(({ name }) => name === 'quick')?.port ?? 0
    await using client = await XmppClient.signIn({ port }, { ...JULIET, mechanism: 'PLAIN' })
    clock.advance(30_000)
    const ping = await client.expect(({ name, attrs }) => name === 'iq' && attrs.type === 'get')
    assert.ok(ping.child('ping', 'urn:xmpp:ping'))
  })
})
