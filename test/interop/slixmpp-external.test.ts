/** Debian’s slixmpp with a certificate instead of a password (XEP-0178). */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ClientAuthority } from '../support/client-authority.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { slixmpp } from './drivers/driven-client.ts'
import { startWithPeople } from './people.ts'

describe('slixmpp', () => {
  it('signs in with its certificate, with sockets in this thread and in others', async (t) => {
    using directory = temporaryDirectory()
    using authority = new ClientAuthority()
    const path = (name: string, text: string) => {
      const file = join(directory.path, name)
      writeFileSync(file, text)
      return file
    }
    const { cert, key } = authority.issue({ xmpp: ['romeo@example.com'] })
    const [certfile, keyfile] = [path('romeo.pem', cert), path('romeo.key', key)]
    const settings = [
      'xmpp.clientCertificates=optional',
      `xmpp.clientCa=${path('ca.pem', authority.certificate)}`,
    ]
    for (const workers of [0, 1]) {
      const args = [...settings, `workers=${workers}`].flatMap((setting) => ['--set', setting])
      const server = await startWithPeople(t, ['romeo'], args)
      const options = {
        jid: 'romeo@example.com/slix',
        password: '',
        port: server.port('xmpp'),
        ca: join(server.data, 'tls', 'ca.pem'),
        mechanism: 'EXTERNAL',
        certfile,
        keyfile,
      }
      const client = slixmpp(options)
      t.after(() => client[Symbol.asyncDispose]())
      const session = await client.expect('session')
      assert.equal(session.mechanism, 'EXTERNAL')
      assert.equal(session.jid, 'romeo@example.com/slix')
    }
  })
})
