/** Messages that wait, by e-mail to Debian’s aiosmtpd: the manual’s SMTP command processor. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { issueCertificate, makeAuthority } from '../../src/ops/certificate-maker.ts'
import { type Mailer, smtpMailer } from '../../src/smtp/mailer.ts'
import { testRoute } from '../smtp/route.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { XmppClient } from '../support/xmpp-client.ts'
import { type SmtpServerOptions, smtpServer } from './drivers/driven-client.ts'
import { heliograph, PASSWORD } from './people.ts'

async function open(t: TestContext, options: SmtpServerOptions = {}) {
  const server = smtpServer(options)
  t.after(() => server[Symbol.asyncDispose]())
  return { server, port: Number((await server.expect('ready')).port) }
}

/** Files with a certificate for `localhost`, and the authority that signed it. */
async function identity(t: TestContext) {
  const { path, [Symbol.dispose]: remove } = temporaryDirectory()
  t.after(remove)
  const authority = await makeAuthority(Date.now())
  const own = await issueCertificate(authority, ['localhost'], Date.now())
  const file = (name: string, text: string) => {
    writeFileSync(join(path, name), text)
    return join(path, name)
  }
  return {
    ca: file('ca.pem', authority.certificatePem),
    cert: file('cert.pem', own.certificatePem),
    key: file('key.pem', own.keyPem),
  }
}

const MAIL = {
  from: { name: 'Chat, of Corp', address: 'no-reply@corp.example' },
  to: { name: 'Bob "Böll" B., Jr.', address: 'bob@mail.example' },
  subject: 'Message from Jürgen\r\nBcc: eve@evil.example',
  text: 'Grüße\n.\nQUIT\n\nFrom here',
  messageId: '<m1@corp.example>',
}
const send = async (mailer: Mailer) => {
  const outcome = await mailer.send(MAIL, new AbortController().signal)
  return outcome.kind === 'sent' ? 'sent' : `${outcome.kind}: ${outcome.reason}`
}

describe('a mail', () => {
  it('arrives as it was written, with words that keep others from answering by themselves', async (t) => {
    const { server, port } = await open(t)
    assert.equal(await send(smtpMailer(testRoute({ port }))), 'sent')
    const mail = await server.expect('mail')
    const headers = mail.headers as Record<string, string>
    assert.equal(mail.text, 'Grüße\r\n.\r\nQUIT\r\n\r\nFrom here\r\n')
    assert.equal(mail.type, 'text/plain')
    assert.deepEqual(mail.envelope_to, ['bob@mail.example'])
    assert.equal(mail.envelope_from, 'no-reply@corp.example')
    assert.equal(headers.from, '"Chat, of Corp" <no-reply@corp.example>')
    assert.equal(headers.to, '"Bob \\"Böll\\" B., Jr." <bob@mail.example>')
    assert.equal(headers.subject, 'Message from Jürgen Bcc: eve@evil.example')
    assert.equal(headers.bcc, undefined)
    assert.equal(headers['message-id'], '<m1@corp.example>')
    assert.equal(headers['auto-submitted'], 'auto-generated')
    assert.ok(headers.date)
    assert.equal(mail.tls, false)
  })

  it('goes by STARTTLS with a password, to the server that the certificate names and to no other', async (t) => {
    const { ca, ...files } = await identity(t)
    const { server, port } = await open(t, { ...files, auth: ['im', 'secret'] })
    const known = testRoute({ host: 'localhost', port, tls: 'required', user: 'im', ca })
    const route = { ...known, password: 'secret' }
    assert.equal(await send(smtpMailer(route)), 'sent')
    const mail = await server.expect('mail')
    assert.deepEqual([mail.tls, mail.user], [true, 'im'])
    for (const tls of ['required', 'offered'] as const) {
      const stranger = { ...route, tls, ca: undefined }
      assert.match(await send(smtpMailer(stranger)), /^unavailable: .*(certificate|issuer)/i, tls)
    }
    const other = { ...route, host: '127.0.0.1' }
    assert.match(await send(smtpMailer(other)), /^unavailable: .*altnames/i)
    assert.match(await send(smtpMailer({ ...known, password: 'wrong' })), /^unavailable: .*535/)
    assert.match(await send(smtpMailer({ ...route, user: undefined })), /^unavailable: .*530/)
  })

  it('goes by TLS from the first byte', async (t) => {
    const { ca, ...files } = await identity(t)
    const { server, port } = await open(t, { ...files, implicit: true })
    const route = testRoute({ host: 'localhost', port, tls: 'implicit', ca })
    assert.equal(await send(smtpMailer(route)), 'sent')
    assert.equal((await server.expect('mail')).tls, true)
  })

  it('goes by STARTTLS where it is offered, whatever the certificate, and readable where it is not', async (t) => {
    const { ca: _, ...files } = await identity(t)
    const offering = await open(t, files)
    assert.equal(await send(smtpMailer(testRoute({ port: offering.port }))), 'sent')
    assert.equal((await offering.server.expect('mail')).tls, true)
    const plain = await open(t)
    assert.equal(await send(smtpMailer(testRoute({ port: plain.port }))), 'sent')
    const needed = testRoute({ port: plain.port, tls: 'required' })
    assert.match(await send(smtpMailer(needed)), /^unavailable: .*STARTTLS/i)
    const secret = testRoute({ port: plain.port, user: 'im', password: 'secret' })
    assert.match(
      await send(smtpMailer(secret)),
      /^unavailable/,
      'a password is not for those who listen',
    )
  })

  it('that is not taken says whether it ever will be, or whether no mail is', async (t) => {
    const { server, port } = await open(t)
    const mailer = smtpMailer(testRoute({ port }))
    const answers: [Record<string, string>, RegExp][] = [
      [{ rcpt: '550 5.1.1 no such user' }, /^refused: .*550 5\.1\.1/],
      [{ rcpt: '451 4.7.1 greylisted' }, /^later: .*451/],
      [{ data: '554 5.7.1 spam' }, /^refused: .*554/],
      [{ data: '452 4.3.1 disk full' }, /^later: .*452/],
      [{}, /^sent$/],
    ]
    for (const [answer, expected] of answers) {
      server.tell('answer', answer)
      await server.expect('answering')
      assert.match(await send(mailer), expected)
    }
    await server[Symbol.asyncDispose]()
    assert.match(await send(mailer), /^unavailable: .*ECONNREFUSED/)
  })

  it('is given up when the server stops', async (t) => {
    const { port } = await open(t)
    const stopping = new AbortController()
    stopping.abort()
    const outcome = await smtpMailer(testRoute({ port })).send(MAIL, stopping.signal)
    assert.equal(outcome.kind, 'unavailable')
  })
})

const DOMAIN = 'example.com'
const ALICE = `alice@${DOMAIN}`
const BOB = `bob@${DOMAIN}`

async function signIn(server: TestServer, jid: string): Promise<XmppClient> {
  const connect = { port: server.port('xmppTls'), direct: true }
  return XmppClient.online(connect, { jid, password: PASSWORD, resource: 'desk' })
}

describe('a person who is away', () => {
  it('is sent by e-mail what he misses, also by a server that was killed before it could', async (t) => {
    const { server: mailServer, port } = await open(t)
    const directory = temporaryDirectory()
    t.after(() => directory[Symbol.dispose]())
    const route = { domain: DOMAIN, host: '127.0.0.1', port, tls: 'offered', after: '0s' }
    const args = ['--set', `smtp=${JSON.stringify([{ ...route, from: 'Chat <im@{domain}>' }])}`]
    const first = await startTestServer({ args, data: directory.path })
    t.after(() => first[Symbol.asyncDispose]())
    heliograph(first, 'domain', 'add', DOMAIN)
    heliograph(first, 'user', 'add', ALICE, '--password', PASSWORD, '--name', 'Alice')
    heliograph(first, 'user', 'add', BOB, '--password', PASSWORD, '--name', 'Bob')
    heliograph(first, 'user', 'address', 'add', BOB, 'exchange', 'bob@mail.example')

    const alice = await signIn(first, ALICE)
    const say = async (body: string) => {
      alice.send(`<message to='${BOB}' type='chat'><body>${body}</body></message>`)
      await alice.settle()
    }
    await say('Are you there?')
    const mail = await mailServer.expect('mail')
    const { from, to, subject } = mail.headers as Record<string, string>
    assert.deepEqual(
      [from, to, subject],
      ['Chat <im@example.com>', 'Bob <bob@mail.example>', 'Message from Alice'],
    )
    assert.match(String(mail.text), /^Alice \(alice@example\.com\) sent you a message/)
    assert.match(String(mail.text), /Are you there\?/)

    await mailServer[Symbol.asyncDispose]()
    await say('Still not?')
    while (!first.log.includes('mail_server_unavailable')) await setTimeout(10)
    await first.kill()
    const { server: again } = await open(t, { port })
    const second = await startTestServer({ args, data: directory.path })
    t.after(() => second[Symbol.asyncDispose]())
    assert.match(String((await again.expect('mail')).text), /Still not\?/)

    const bob = await signIn(second, BOB)
    const kept = (await bob.settle()).filter(({ name }) => name === 'message')
    assert.deepEqual(kept, [], 'what was mailed waits no more')
    await bob[Symbol.asyncDispose]()
  })
})
