/** A proxy that proves its name by a certificate (mutual TLS) is believed who asks (RFC 3325 §2.3). */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { issueCertificate, makeAuthority } from '../../src/ops/certificate-maker.ts'
import { SipRequest } from '../../src/sip/message/message.ts'
import { serialize } from '../../src/sip/message/serializer.ts'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('a proxy is trusted by the name in its certificate, and by no other', async (t) => {
  using directory = temporaryDirectory()
  const authority = await makeAuthority(Date.now())
  const ca = join(directory.path, 'ca.pem')
  writeFileSync(ca, authority.certificatePem)
  const settings = ['sip.trustedPeers=proxy.example.com', `tls.clientCa=${ca}`]
  await using server = await startTestServer({
    args: ['--demo', ...settings.flatMap((setting) => ['--set', setting])],
  })

  /** The status line that a MESSAGE on bob’s behalf gets, without a digest. */
  const messageFrom = async (name: string) => {
    const made = await issueCertificate(authority, [name], Date.now())
    const socket = connect({
      host: '127.0.0.1',
      port: server.port('sipTls'),
      rejectUnauthorized: false,
      cert: made.certificatePem,
      key: made.keyPem,
    })
    t.after(() => socket.destroy())
    await once(socket, 'secureConnect')
    const headers: [string, string][] = [
      ['Via', 'SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK1'],
      ['Max-Forwards', '70'],
      ['From', '<sip:anybody@proxy.example.com>;tag=1'],
      ['To', '<sip:alice@localhost>'],
      ['P-Asserted-Identity', '<sip:bob@localhost>'],
      ['Call-ID', name],
      ['CSeq', '1 MESSAGE'],
      ['Content-Type', 'text/plain'],
    ]
    const uri = 'sip:alice@localhost'
    socket.write(serialize(new SipRequest({ method: 'MESSAGE', uri, headers, body: 'hi' })))
    const [answer] = await once(socket, 'data')
    return String(answer).split('\r\n', 1)[0]
  }
  assert.equal(await messageFrom('proxy.example.com'), 'SIP/2.0 202 Accepted')
  assert.match((await messageFrom('other.example.com')) ?? '', /^SIP\/2\.0 40[13] /)
})
