/** Finch, the client for terminals made of libpurple, as Pidgin is; with the mechanism of old clients. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { peerCertificate } from './drivers/peer-certificate.ts'
import { Terminal } from './drivers/terminal.ts'
import { heliograph, PASSWORD, signedIn, startWithPeople, trust } from './people.ts'

/** It would take SCRAM where that is offered. */
const OLD = { name: 'old', address: '127.0.0.1:0', mechanisms: ['DIGEST-MD5'] }

function accounts(port: number): string {
  return `<?xml version='1.0' encoding='UTF-8' ?>
<account version='1.0'>
  <account>
    <protocol>prpl-jabber</protocol>
    <name>romeo@example.com/finch</name>
    <password>${PASSWORD}</password>
    <settings>
      <setting name='connect_server' type='string'>127.0.0.1</setting>
      <setting name='port' type='int'>${port}</setting>
      <setting name='connection_security' type='string'>require_tls</setting>
    </settings>
    <settings ui='gnt-purple'>
      <setting name='auto-login' type='bool'>1</setting>
    </settings>
  </account>
</account>
`
}

it('finch signs in with DIGEST-MD5 and talks', async (t) => {
  const args = ['--set', `listeners=${JSON.stringify([OLD])}`]
  const server = await startWithPeople(t, ['juliet'], args)
  heliograph(server, 'domain', 'set', 'example.com', '--digest-md5', 'on')
  heliograph(server, 'user', 'add', 'romeo@example.com', '--password', PASSWORD)
  await trust(server)

  using home = temporaryDirectory()
  const peers = join(home.path, '.purple/certificates/x509/tls_peers')
  mkdirSync(peers, { recursive: true })
  const certificate = await peerCertificate(server.port('xmppTls'), 'example.com')
  // Trusted like one that its user has accepted; it asks for the host that it connects to.
  writeFileSync(join(peers, '127.0.0.1'), certificate)
  const [, port] = server.word(OLD.name)?.split(' ')[0]?.split(':') ?? []
  writeFileSync(join(home.path, '.purple/accounts.xml'), accounts(Number(port)))

  const juliet = await signedIn(t, server, 'juliet')
  juliet.tell('roster')
  juliet.tell('presence', { status: 'On the balcony' })
  juliet.tell('subscribe', { to: 'romeo@example.com' })
  using finch = new Terminal(`env HOME=${home.path} LANG=C.UTF-8 finch`)
  await juliet.expect('presence_available', ({ sender }) => sender === 'romeo@example.com/finch')

  juliet.tell('message', { to: 'romeo@example.com', body: 'Ay me' })
  await finch.shows(/Ay me/)
  finch.press('M-2') // the second window: the first has the contacts
  finch.type('It is the east')
  await juliet.expect('message', ({ body }) => body === 'It is the east')
})
