/**
 * XEP-0363, the same dialogue with Debian's Prosody (mod_http_file_share) and with Heliograph. Where the answers differ,
 * the specification says why ours is right.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { Element } from '../../../src/xml/element.ts'
import { startTestServer } from '../../support/server.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { condition } from '../../support/xmpp-system.ts'
import { freePort } from '../drivers/free-port.ts'

const NS = 'urn:xmpp:http:upload:0'
const HOST = 'upload.localhost'
const MAX = 100_000
const PER_DAY = 150_000

interface Subject extends AsyncDisposable {
  readonly client: XmppClient
  /** Authority of its HTTPS, in PEM; none where it speaks HTTP here. */
  readonly ca: string | undefined
}

async function heliograph(): Promise<Subject> {
  const limits = ['--set', `upload.maxSize=${MAX}`, '--set', `upload.bytesPerDay=${PER_DAY}`]
  const server = await startTestServer({ args: ['--demo', ...limits] })
  const client = await signIn(server.port('xmpp'), server.demoPassword)
  const ca = readFileSync(join(server.data, 'tls', 'ca.pem'), 'utf8')
  return subject(client, ca, server)
}

async function prosody(): Promise<Subject> {
  const opened = new AsyncDisposableStack()
  const { path } = opened.use(temporaryDirectory())
  const [port, http] = [await freePort(), await freePort()]
  mkdirSync(join(path, 'localhost', 'accounts'), { recursive: true })
  writeFileSync(join(path, 'localhost', 'accounts', 'alice.dat'), 'return { password = "pencil" }')
  const file = join(path, 'prosody.cfg.lua')
  writeFileSync(file, prosodyConfiguration(path, port, http))
  const child = spawn('prosody', ['--config', file, '-F'], { stdio: ['ignore', 'pipe', 'pipe'] })
  opened.defer(() => ended(child))
  for (const one of [port, http]) while (!(await accepts(one))) await wait(50)
  return subject(await signIn(port, 'pencil'), undefined, opened)
}

function prosodyConfiguration(path: string, port: number, http: number): string {
  return `
data_path = "${path}"
run_as_root = true
log = { error = "*console" }
interfaces = { "127.0.0.1" }
c2s_ports = { ${port} }
http_ports = { ${http} }
https_ports = {}
s2s_ports = {}
http_external_url = "http://127.0.0.1:${http}/"
http_default_host = "${HOST}"
modules_enabled = { "roster", "saslauth", "disco" }
modules_disabled = { "s2s", "s2s_auth_certs" }
authentication = "internal_plain"
c2s_require_encryption = false
VirtualHost "localhost"
Component "${HOST}" "http_file_share"
http_file_share_size_limit = ${MAX}
http_file_share_daily_quota = ${PER_DAY}
`
}

function signIn(port: number, password: string): Promise<XmppClient> {
  return XmppClient.signIn({ port }, { jid: 'alice@localhost', password, mechanism: 'SCRAM-SHA-1' })
}

function subject(client: XmppClient, ca: string | undefined, rest: AsyncDisposable): Subject {
  const dispose = async () => {
    await client[Symbol.asyncDispose]()
    await rest[Symbol.asyncDispose]()
  }
  return { client, ca, [Symbol.asyncDispose]: dispose }
}

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const isOpen = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return isOpen
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close')
  child.kill('SIGKILL')
  await gone
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string | number>
  readonly body?: string
}

async function http({ ca }: Subject, url: string, { method = 'GET', headers, body }: Asked = {}) {
  const options = { method, agent: false, ...(headers && { headers }) }
  const asked = ca === undefined ? plainRequest(url, options) : tlsRequest(url, { ...options, ca })
  asked.on('error', () => undefined).end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk)
  const { statusCode: status = 0, headers: got } = answer
  return { status, headers: got, text: Buffer.concat(chunks).toString() }
}

function ask(subject: Subject, attributes: string): Promise<Element> {
  return subject.client.iq('get', `<request xmlns='${NS}' ${attributes}/>`, HOST)
}

/** With the headers that the slot asks for. */
async function slot(subject: Subject, attributes: string) {
  const found = (await ask(subject, attributes)).child('slot', NS)
  const put = found?.child('put')
  const headers = [...(put?.elements() ?? [])].map((one) => [one.attr('name') ?? '', one.text()])
  return {
    put: put?.attr('url') ?? '',
    get: found?.child('get')?.attr('url') ?? '',
    headers: Object.fromEntries(headers) as Record<string, string>,
  }
}

async function share(subject: Subject, name: string, type: string, body: string) {
  const size = Buffer.byteLength(body)
  const { put, get, headers } = await slot(
    subject,
    `filename='${name}' size='${size}' content-type='${type}'`,
  )
  const more = { ...headers, 'content-type': type, 'content-length': size }
  const { status } = await http(subject, put, { method: 'PUT', headers: more, body })
  return { status, put, get, more }
}

/** What each said, by what it was asked. */
type Answers = Record<string, unknown>

async function discovery({ client }: Subject): Promise<Answers> {
  const query = (kind: string) => `<query xmlns='http://jabber.org/protocol/disco#${kind}'/>`
  const inside = (answer: Element) => [
    ...(answer.child(undefined, answer.child('query')?.ns)?.elements() ?? []),
    ...[...answer.elements()].flatMap((child) => [...child.elements()]),
  ]
  const items = inside(await client.iq('get', query('items'), 'localhost'))
  const info = inside(await client.iq('get', query('info'), HOST))
  const identity = info.find(({ name }) => name === 'identity')
  const form = info.find(({ ns }) => ns === 'jabber:x:data')
  const field = [...(form?.elements() ?? [])].find((one) => one.attr('var') === 'max-file-size')
  return {
    'disco#items of the domain names it': items.some((item) => item.attr('jid') === HOST),
    identity: [identity?.attr('category'), identity?.attr('type')],
    feature: info.some((one) => one.attr('var') === NS),
    'max-file-size': field?.child('value')?.text(),
  }
}

async function refusals(subject: Subject): Promise<Answers> {
  const word = async (attributes: string) => {
    const answer = await ask(subject, attributes)
    return answer.attr('type') === 'error' ? condition(answer) : answer.attr('type')
  }
  const large = await ask(subject, `filename='a' size='${MAX + 1}'`)
  return {
    'no name': await word("size='5'"),
    'no size': await word("filename='a'"),
    'a size that is none': await word("filename='a' size='five'"),
    'a size below none': await word("filename='a' size='-1'"),
    'an empty file': await word("filename='a' size='0'"),
    'too large': condition(large),
    'how large it may be': large
      .child('error')
      ?.child('file-too-large', NS)
      ?.child('max-file-size')
      ?.text(),
  }
}

async function transfer(subject: Subject): Promise<Answers> {
  const { status, put, get, more } = await share(
    subject,
    'très cool.txt',
    'text/plain',
    '0123456789',
  )
  const got = await http(subject, get)
  const head = await http(subject, get, { method: 'HEAD' })
  const range = await http(subject, get, { headers: { range: 'bytes=4-' } })
  const since = { 'if-modified-since': String(got.headers['last-modified']) }
  const again = await http(subject, put, { method: 'PUT', headers: more, body: 'other text' })
  const cors = await http(subject, put, {
    method: 'OPTIONS',
    headers: { origin: 'https://chat.example', 'access-control-request-method': 'PUT' },
  })
  return {
    'non-ASCII is percent-encoded': /\/tr%[cC]3%[aA]8s%20cool\.txt$/.test(get),
    put: status,
    get: [got.status, got.text],
    type: got.headers['content-type'],
    name: /filename\*=UTF-8''tr%c3%a8s%20cool\.txt/i.test(`${got.headers['content-disposition']}`),
    'no sniffing': got.headers['x-content-type-options'],
    'nothing runs': /default-src 'none'/.test(`${got.headers['content-security-policy']}`),
    head: [head.status, head.headers['content-length'], head.text],
    'the rest': [range.status, range.text],
    'where the rest is': range.headers['content-range'],
    'not modified': (await http(subject, get, { headers: since })).status,
    'put twice': again.status,
    'pages may put': [
      cors.status < 300,
      /^(\*|https:\/\/chat\.example)$/.test(`${cors.headers['access-control-allow-origin']}`),
      /PUT/.test(`${cors.headers['access-control-allow-methods']}`),
    ],
  }
}

async function misuse(subject: Subject): Promise<Answers> {
  const image = "filename='a.png' size='5' content-type='image/png'"
  const put = async (body: string, change: Record<string, string | number> = {}) => {
    const { put: url, headers } = await slot(subject, image)
    const all = {
      ...headers,
      'content-type': 'image/png',
      'content-length': body.length,
      ...change,
    }
    return (await http(subject, url, { method: 'PUT', headers: all, body })).status
  }
  const unused = await slot(subject, image)
  const svg = await share(subject, 'a.svg', 'image/svg+xml', '<svg/>')
  const [disposition] = `${(await http(subject, svg.get)).headers['content-disposition']}`.split(
    ';',
  )
  const status = (await http(subject, unused.get, { method: 'PUT', body: 'hello' })).status
  return {
    'too short': isRefused(await put('hell')),
    'too long': isRefused(await put('hello!')),
    'another type': await put('hello', { 'content-type': 'text/html' }),
    'without leave': isRefused(status),
    'what was never put': isRefused((await http(subject, unused.get)).status),
    SVG: disposition,
  }
}

/** The specification does not say by which status. */
function isRefused(status: number): string {
  return status >= 400 && status < 500 ? 'refused' : String(status)
}

async function quota(subject: Subject): Promise<Answers> {
  await share(subject, 'a', 'text/plain', 'x'.repeat(90_000))
  const refused = await ask(subject, "filename='a' size='90000'")
  return {
    'too much in a day': condition(refused),
    'when to try again': refused.child('error')?.child('retry', NS) !== undefined,
  }
}

async function dialogue(start: () => Promise<Subject>): Promise<Answers> {
  await using asked = await start()
  return {
    ...(await discovery(asked)),
    ...(await refusals(asked)),
    ...(await transfer(asked)),
    ...(await misuse(asked)),
    ...(await quota(asked)),
  }
}

/** What Prosody says, what we say, and why. */
const DIFFERENCES: Readonly<Record<string, readonly [theirs: unknown, ours: unknown]>> = {
  // XEP-0363 §12: the schema has positiveInteger.
  'an empty file': ['result', 'modify bad-request'],
  // RFC 6657 §4: without a charset it were US-ASCII, and browsers guess. What people write in chats is UTF-8.
  type: ['text/plain', 'text/plain; charset=utf-8'],
  // XEP-0363 §9.1: served so that nothing in it runs. SVG holds scripts.
  SVG: ['inline', 'attachment'],
  // RFC 9110 §14.4: the last position is that of a byte; there are ten.
  'where the rest is': ['bytes 4-10/10', 'bytes 4-9/10'],
  // XEP-0363 §7: SHOULD reject the file.
  'another type': [201, 415],
  // XEP-0363 §6: MAY be told.
  'when to try again': [false, true],
}

test('Prosody and Heliograph share files alike, but where ours is nearer to the specification', async () => {
  const theirs = await dialogue(prosody)
  const ours = await dialogue(heliograph)
  const differing = Object.keys(ours).filter(
    (question) => JSON.stringify(theirs[question]) !== JSON.stringify(ours[question]),
  )
  for (const question of differing) {
    assert.deepEqual([theirs[question], ours[question]], DIFFERENCES[question], question)
  }
  assert.deepEqual(differing.sort(), Object.keys(DIFFERENCES).sort())
})
