/** The whole server: listeners with certificates of their own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { testIdentity } from '../support/certificate.ts'
import { startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function shownBy(address: string, servername: string): Promise<string> {
  const url = new URL(`tcp://${address}`)
  const options = { host: url.hostname, port: Number(url.port), rejectUnauthorized: false }
  const socket = connect({ ...options, ...(servername && { servername }) })
  await once(socket, 'secureConnect')
  const names = socket.getPeerX509Certificate()?.subjectAltName ?? ''
  socket.destroy()
  return names
}

for (const workers of [0, 1]) {
  test(`listeners show certificates of their own, with ${workers} workers`, async (t) => {
    using directory = temporaryDirectory()
    const certificate = join(directory.path, 'hall.crt')
    const key = join(directory.path, 'hall.key')
    const made = await testIdentity(['hall.example'])
    writeFileSync(certificate, made.cert)
    writeFileSync(key, made.key)
    const kinds = { hallTls: 'xmppTls', hallWeb: 'httpsXmpp' }
    const listeners = Object.entries(kinds).map(([name, kind]) => {
      return { name, kind, address: '127.0.0.1:0', certificate, key }
    })
    const args = ['--demo', '--set', `workers=${workers}`]
    const server = await startTestServer({
      args: [...args, '--set', `listeners=${JSON.stringify(listeners)}`],
    })
    t.after(() => server[Symbol.asyncDispose]())
    const at = (name: string) => server.word(name)?.split(' ')[0] ?? ''
    for (const asked of ['localhost', 'other.example', '']) {
      for (const name of ['hallTls', 'hallWeb']) {
        assert.equal(await shownBy(at(name), asked), 'DNS:hall.example', `${name} for ${asked}`)
      }
      for (const name of ['xmppTls', 'https']) {
        assert.match(await shownBy(at(name), asked), /DNS:localhost/, `${name} for ${asked}`)
      }
    }
  })
}
