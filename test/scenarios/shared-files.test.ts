/** XEP-0363 with the whole server: a file goes from Alice to Bob over HTTPS, and survives what becomes of the server. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ask as askCli, doneBy } from '../cli/rig.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { XmppClient } from '../support/xmpp-client.ts'

const NS = 'urn:xmpp:http:upload:0'

async function start(t: TestContext, args: readonly string[] = []): Promise<TestServer> {
  const server = await startTestServer({ args: ['--demo', ...args] })
  t.after(() => server[Symbol.asyncDispose]())
  return server
}

function signIn(server: TestServer, user: string, password: string): Promise<XmppClient> {
  return XmppClient.online(
    { port: server.port('xmpp') },
    { jid: `${user}@localhost`, password, resource: 'desk' },
  )
}

async function slotFor(client: XmppClient, name: string, size: number) {
  const asked = `<request xmlns='${NS}' filename='${name}' size='${size}'/>`
  const slot = (await client.iq('get', asked, 'upload.localhost')).child('slot', NS)
  const url = (which: string) => slot?.child(which)?.attr('url') ?? ''
  return { put: url('put'), get: url('get') }
}

function ask(server: TestServer, url: string, method: string, length?: number): ClientRequest {
  const ca = readFileSync(join(server.data, 'tls', 'ca.pem'))
  const headers = length === undefined ? {} : { 'content-length': length }
  return request(url, { ca, method, headers, agent: false })
}

async function answered(asked: ClientRequest): Promise<{ status: number; body: Buffer }> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  return { status: answer.statusCode ?? 0, body: Buffer.concat(chunks) }
}

function curl(server: TestServer, ...args: string[]): string {
  const ca = join(server.data, 'tls', 'ca.pem')
  const { stdout, stderr, status } = spawnSync('curl', ['-sS', '--cacert', ca, ...args])
  assert.equal(status, 0, stderr.toString())
  return stdout.toString()
}

test('Alice shares a file with Bob, who loads it by the address that she sends him', async (t) => {
  const server = await start(t)
  using folder = temporaryDirectory()
  const [sent, got] = ['sent', 'got'].map((name) => join(folder.path, name))
  const content = Buffer.alloc(9_000_000, 'heliograph ')
  writeFileSync(sent ?? '', content)
  await using alice = await signIn(server, 'alice', server.demoPassword)
  await using bob = await signIn(server, 'bob', server.demoPassword)
  const { put, get } = await slotFor(alice, 'holiday 画像.mp4', content.length)
  assert.ok(get.startsWith(`https://localhost:${server.port('https')}/upload/`))
  const created = curl(server, '-w', '%{http_code}', '-T', sent ?? '', put)
  assert.equal(created, '201')
  alice.send(
    `<message to='bob@localhost' type='chat'><body>${get}</body><x xmlns='jabber:x:oob'><url>${get}</url></x></message>`,
  )
  const message = await bob.expectMessage()
  const url = message.child('x', 'jabber:x:oob')?.child('url')?.text() ?? ''
  curl(server, '-o', got ?? '', '-r', '0-4999999', url)
  // A download that broke off is gone on with.
  curl(server, '-o', got ?? '', '-C', '-', url)
  assert.equal(Buffer.compare(readFileSync(got ?? ''), content), 0)
  const head = curl(server, '-I', url)
  assert.match(head, /^HTTP\/1\.1 200/)
  assert.match(head, /^content-security-policy: .*sandbox/im)
  assert.match(head, /filename\*=UTF-8''holiday%20%E7%94%BB%E5%83%8F\.mp4/i)
})

test('a server that is killed in the middle keeps whole files and no others', async (t) => {
  const server = await start(t)
  const password = server.demoPassword
  const alice = await signIn(server, 'alice', password)
  const whole = await slotFor(alice, 'whole.txt', 5)
  const first = ask(server, whole.put, 'PUT', 5)
  first.end('hello')
  assert.equal((await answered(first)).status, 201)
  const broken = await slotFor(alice, 'broken.txt', 200_000)
  const second = ask(server, broken.put, 'PUT', 200_000).on('error', () => undefined)
  second.write(Buffer.alloc(150_000, 'x'))
  const partial = join(server.data, 'uploads', 'partial')
  while (!readdirSync(partial).some((name) => statSync(join(partial, name)).size >= 100_000)) {
    await new Promise((resolve) => setImmediate(resolve))
  }
  await server.kill()
  await alice.closed()
  await using next = await server.restart()
  assert.deepEqual(readdirSync(partial), [])
  const kept = ask(next, whole.get, 'GET')
  kept.end()
  assert.equal((await answered(kept)).body.toString(), 'hello')
  const gone = ask(next, broken.get, 'GET')
  gone.end()
  assert.equal((await answered(gone)).status, 404)
  // The slot was given by a process that is no more, and holds.
  const again = ask(next, broken.put, 'PUT', 200_000)
  again.end(Buffer.alloc(200_000, 'y'))
  assert.equal((await answered(again)).status, 201)
})

test('a server that is stopped in the middle does not wait for the rest', async (t) => {
  const server = await start(t)
  const alice = await signIn(server, 'alice', server.demoPassword)
  const { put } = await slotFor(alice, 'a.txt', 200_000)
  const upload = ask(server, put, 'PUT', 200_000).on('error', () => undefined)
  upload.write(Buffer.alloc(150_000))
  const partial = join(server.data, 'uploads', 'partial')
  while (readdirSync(partial).length === 0) await new Promise((resolve) => setImmediate(resolve))
  const ended = await server.stop()
  assert.equal(ended.code, 0, ended.stderr)
  assert.deepEqual(readdirSync(partial), [])
  assert.doesNotMatch(ended.stderr, /"level":"(?:error|warn)".*upload/)
})

test('behind a proxy files have the proxy’s address, and without TLS there are none', async (t) => {
  const server = await start(t, [
    ...['--set', 'listen.http=127.0.0.1:0', '--set', 'http.trustedProxies=127.0.0.1'],
    ...['--set', 'http.publicUrl=https://files.example.org/chat'],
  ])
  await using alice = await signIn(server, 'alice', server.demoPassword)
  const { put, get } = await slotFor(alice, `${'long '.repeat(40)}.txt`, 5)
  const outside = 'https://files.example.org/chat/upload/'
  assert.ok(get.startsWith(outside))
  const inside = (url: string) =>
    url.replace(outside, `http://${server.word('http')?.split(' ')[0]}/upload/`)
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
  const created = await fetch(inside(put), { method: 'PUT', body: 'hello', headers })
  assert.equal(created.status, 201)
  assert.equal(created.headers.get('location'), get)
  assert.equal(await (await fetch(inside(get), { headers })).text(), 'hello')
  const plain = { 'x-forwarded-proto': 'http' }
  assert.equal((await fetch(inside(get), { headers: plain })).status, 403)
})

test('administrators see and remove what users share, users what they do', async (t) => {
  const server = await start(t)
  const password = server.demoPassword
  await using alice = await signIn(server, 'alice', password)
  const links: string[] = []
  for (const name of ['one.txt', 'two.txt', 'three.txt']) {
    const { put, get } = await slotFor(alice, name, 5)
    const upload = ask(server, put, 'PUT', 5)
    upload.end('hello')
    assert.equal((await answered(upload)).status, 201)
    links.push(get)
  }
  const listed = doneBy('list', await askCli(server.data, 'user file list alice@localhost --json'))
  const files = JSON.parse(listed) as { id: string; name: string; url: string }[]
  assert.deepEqual(
    files.map(({ url }) => url),
    links,
  )
  const [first, second] = files
  const line = `user file remove alice@localhost --file ${first?.id}`
  assert.match(doneBy(line, await askCli(server.data, line)), /^removed/)
  assert.match((await askCli(server.data, line)).err, /NO_SUCH_FILE/)
  const api = `https://localhost:${server.port('https')}/api/v1/users/alice@localhost/files`
  const as = async (user: string, method: string, path: string) => {
    const asked = ask(server, api + path, method)
    const secret = Buffer.from(`${user}@localhost:${password}`).toString('base64')
    asked.setHeader('authorization', `Basic ${secret}`).end()
    return await answered(asked)
  }
  assert.equal((await as('bob', 'GET', '')).status, 403)
  assert.equal((await as('bob', 'DELETE', `/${second?.id}`)).status, 403)
  const page = JSON.parse(String((await as('alice', 'GET', `?after=${second?.id}`)).body)) as {
    files: { name: string; type: string; size: number }[]
  }
  assert.deepEqual(
    page.files.map(({ name, type, size }) => [name, type, size]),
    [['three.txt', 'application/octet-stream', 5]],
  )
  assert.equal((await as('alice', 'DELETE', `/${second?.id}`)).status, 204)
  assert.equal((await as('alice', 'DELETE', '')).status, 204)
  assert.equal(doneBy('list', await askCli(server.data, 'user file list alice@localhost')), '')
  for (const link of links) {
    const gone = ask(server, link, 'GET')
    gone.end()
    assert.equal((await answered(gone)).status, 410)
  }
})

test('users who are not to share files are not told of any service', async (t) => {
  const server = await start(t, ['--set', 'upload.enabled=false'])
  await using alice = await signIn(server, 'alice', server.demoPassword)
  const items = await alice.iq(
    'get',
    `<query xmlns='http://jabber.org/protocol/disco#items'/>`,
    'localhost',
  )
  assert.match(String(items), /jid='multicast\.localhost'/)
  assert.doesNotMatch(String(items), /jid='upload\./)
  const gone = ask(server, `https://localhost:${server.port('https')}/upload/a/b`, 'GET')
  gone.end()
  assert.equal((await answered(gone)).status, 404)
})
