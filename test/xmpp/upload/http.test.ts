/** XEP-0363 §7, §8, §9: files put and got over real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { createLog } from '../../../src/util/log.ts'
import { startUploads } from './rig.ts'

const TEXT = 'hello'

function put(url: string, body: string | undefined = TEXT, headers: Record<string, string> = {}) {
  return fetch(url, { method: 'PUT', body: body ?? null, headers })
}

test('what is put into a slot can be got, by whoever knows the URL', async (t) => {
  const rig = await startUploads(t)
  const { put: to, get } = await rig.slot(undefined, {
    name: 'très cool.txt',
    contentType: 'text/plain',
  })
  assert.match(get, /\/upload\/[A-Za-z0-9_-]{32}\/tr%C3%A8s%20cool\.txt$/)
  assert.equal((await fetch(get)).status, 404)
  const created = await put(to, TEXT, { 'content-type': 'text/plain' })
  assert.equal(created.status, 201)
  assert.equal(created.headers.get('location'), get)
  const got = await fetch(get)
  assert.equal(got.status, 200)
  assert.equal(await got.text(), TEXT)
  const { headers } = got
  assert.equal(headers.get('content-length'), '5')
  assert.equal(headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.equal(
    headers.get('content-disposition'),
    `inline; filename="tr_s cool.txt"; filename*=UTF-8''tr%C3%A8s%20cool.txt`,
  )
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(
    headers.get('content-security-policy'),
    "default-src 'none'; media-src 'self'; frame-ancestors 'none'; sandbox",
  )
  assert.equal(headers.get('access-control-allow-origin'), '*')
  assert.equal(headers.get('cache-control'), `private, max-age=${30 * 86_400}, immutable`)
  assert.deepEqual(rig.uploads.total, { files: 1, bytes: 5 })
})

test('a large file goes through in both directions', async (t) => {
  const rig = await startUploads(t, { config: { maxSize: 5_000_000 } })
  const bytes = new Uint8Array(4_000_000).map((_, at) => (at * 31) % 251)
  const get = await rig.share(bytes)
  const got = new Uint8Array(await (await fetch(get)).arrayBuffer())
  assert.deepEqual(Buffer.compare(got, bytes), 0)
})

test('a slot is used once', async (t) => {
  const rig = await startUploads(t)
  const { put: to, get } = await rig.slot()
  assert.equal((await put(to)).status, 201)
  assert.equal((await put(to, 'evil!')).status, 409)
  assert.equal(await (await fetch(get)).text(), TEXT)
})

test('of two who use a slot at once one succeeds', async (t) => {
  const rig = await startUploads(t)
  const { put: to, get } = await rig.slot()
  const answers = await Promise.all(['first', 'other', 'third'].map((body) => put(to, body)))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [201, 409, 409])
  assert.equal(rig.filesOnDisk().length, 1)
  const winner = ['first', 'other', 'third'][answers.findIndex(({ status }) => status === 201)]
  assert.equal(await (await fetch(get)).text(), winner)
})

test('a slot is needed, and the right one', async (t) => {
  const rig = await startUploads(t)
  const { put: to, get } = await rig.slot()
  const other = await rig.slot()
  const [, token = ''] = to.split('?slot=')
  for (const url of [
    get,
    `${get}?slot=`,
    `${get}?slot=${token}x`,
    `${other.get}?slot=${token}`,
    `${get}?slot=${token}&slot=${token}`,
    `${get}?token=${token}`,
    to.replace(/upload\/.{32}/, `upload/${'A'.repeat(32)}`),
    to.replace(/upload\/.{32}/, 'upload/..%2f..%2fetc'),
  ]) {
    assert.equal((await put(url)).status, 403, url)
  }
  assert.deepEqual(rig.filesOnDisk(), [])
})

test('a slot ends', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot()
  rig.clock.advance(300_000)
  const late = await put(to)
  assert.equal(late.status, 410)
  assert.equal(late.headers.get('access-control-allow-origin'), '*')
})

test('the file has the size that the slot is for', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot()
  assert.equal((await put(to, 'hell')).status, 400)
  assert.equal((await put(to, 'hello!')).status, 413)
  assert.equal((await put(to, '')).status, 400)
  const chunked = await fetch(to, {
    method: 'PUT',
    body: new Blob([TEXT]).stream(),
    duplex: 'half',
  } as RequestInit)
  assert.equal(chunked.status, 411)
  assert.deepEqual(rig.filesOnDisk(), [])
  assert.equal((await put(to)).status, 201)
})

test('the file has the type that the slot is for, however it is written', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot(undefined, { contentType: 'text/plain; charset=utf-8' })
  assert.equal((await put(to, TEXT, { 'content-type': 'text/html' })).status, 415)
  assert.equal((await put(to, TEXT, { 'content-type': 'text/plain' })).status, 415)
  assert.equal((await put(to, TEXT, { 'content-type': 'nonsense' })).status, 415)
  assert.equal((await put(to, TEXT, { 'content-type': 'Text/Plain;charset="utf-8"' })).status, 201)
})

test('where the slot leaves the type open the upload says it, or nobody does', async (t) => {
  const rig = await startUploads(t, { config: { types: ['image/*', 'application/octet-stream'] } })
  const types = async (headers: Record<string, string>) => {
    const { put: to, get } = await rig.slot()
    const body = new Uint8Array(5)
    const { status } = await fetch(to, { method: 'PUT', body, headers })
    return status === 201 ? (await fetch(get)).headers.get('content-type') : status
  }
  assert.equal(await types({ 'content-type': 'image/png' }), 'image/png')
  assert.equal(await types({}), 'application/octet-stream')
  assert.equal(await types({ 'content-type': 'text/html' }), 415)
})

test('what could run in a browser is to be saved, not shown', async (t) => {
  const rig = await startUploads(t)
  const served = async (contentType: string) => {
    const { headers } = await fetch(await rig.share('<svg/>', { name: 'a', contentType }))
    return [headers.get('content-type'), headers.get('content-disposition')?.split(';')[0]]
  }
  assert.deepEqual(await served('image/svg+xml'), ['image/svg+xml', 'attachment'])
  assert.deepEqual(await served('text/html'), ['text/html', 'attachment'])
  assert.deepEqual(await served('text/javascript'), ['application/octet-stream', 'attachment'])
  assert.deepEqual(await served('image/png'), ['image/png', 'inline'])
})

test('HEAD tells all but the file', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share(TEXT, { contentType: 'image/png' })
  const head = await fetch(get, { method: 'HEAD', headers: { range: 'bytes=0-1' } })
  const got = await fetch(get)
  assert.equal(head.status, 200)
  for (const name of ['content-length', 'content-type', 'etag', 'last-modified', 'accept-ranges']) {
    assert.equal(head.headers.get(name), got.headers.get(name), name)
    assert.ok(head.headers.get(name), name)
  }
  assert.equal(await head.text(), '')
})

test('a part can be got, and a download gone on with', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share('0123456789')
  const part = async (range: string, more: Record<string, string> = {}) => {
    const answer = await fetch(get, { headers: { range, ...more } })
    return [answer.status, answer.headers.get('content-range'), await answer.text()]
  }
  assert.deepEqual(await part('bytes=2-4'), [206, 'bytes 2-4/10', '234'])
  assert.deepEqual(await part('bytes=8-'), [206, 'bytes 8-9/10', '89'])
  assert.deepEqual(await part('bytes=-1'), [206, 'bytes 9-9/10', '9'])
  assert.deepEqual(await part('bytes=10-'), [416, 'bytes */10', ''])
  assert.deepEqual(await part('bytes=0-1,3-4'), [200, null, '0123456789'])
  const etag = (await fetch(get)).headers.get('etag') ?? ''
  assert.deepEqual(await part('bytes=9-', { 'if-range': etag }), [206, 'bytes 9-9/10', '9'])
  assert.deepEqual(await part('bytes=9-', { 'if-range': '"other"' }), [200, null, '0123456789'])
})

test('who has the file is not sent it again', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share(TEXT)
  const first = await fetch(get)
  const etag = first.headers.get('etag') ?? ''
  const modified = first.headers.get('last-modified') ?? ''
  const status = async (headers: Record<string, string>) => (await fetch(get, { headers })).status
  assert.equal(await status({ 'if-none-match': etag }), 304)
  assert.equal(await status({ 'if-none-match': `"x", W/${etag}` }), 304)
  assert.equal(await status({ 'if-none-match': '*' }), 304)
  assert.equal(await status({ 'if-none-match': '"x"', 'if-modified-since': modified }), 200)
  assert.equal(await status({ 'if-modified-since': modified }), 304)
  assert.equal(await status({ 'if-modified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }), 200)
  assert.equal(await status({ 'if-modified-since': 'nonsense' }), 200)
  assert.equal(await status({ 'if-match': '"x"' }), 412)
  assert.equal(await status({ 'if-match': etag }), 200)
  assert.equal(await status({ 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }), 412)
})

test('the name belongs to the address, and nothing else is there', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share(TEXT)
  const base = get.slice(0, get.lastIndexOf('/'))
  const folder = base.slice(0, base.lastIndexOf('/'))
  for (const url of [
    `${base}/other.txt`,
    `${base}/`,
    base,
    `${base}/hello.txt/x`,
    `${folder}/`,
    `${folder}/${'A'.repeat(32)}/hello.txt`,
    `${folder}/partial/hello.txt`,
    `${folder}/..%2f..%2f..%2fetc/passwd`,
    `${folder}/%2e%2e/%2e%2e`,
    `${folder}/%00/hello.txt`,
  ]) {
    const answer = await fetch(url)
    assert.equal(answer.status, 404, url)
  }
})

test('pages of other origins may upload and show files', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot()
  const asked = await fetch(to, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://chat.example.org',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type',
    },
  })
  assert.equal(asked.status, 204)
  assert.equal(asked.headers.get('access-control-allow-origin'), '*')
  assert.match(asked.headers.get('access-control-allow-methods') ?? '', /PUT/)
  assert.match(asked.headers.get('access-control-allow-headers') ?? '', /Content-Type/)
  assert.equal(asked.headers.get('access-control-allow-credentials'), null)
})

test('who is refused hears why, though he still sends, and not for ever', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot()
  const upload = request(to, { method: 'PUT', headers: { 'content-length': 100_000_000 } })
  upload.on('error', () => undefined)
  // More than the server takes, and more than lies on the way.
  for (let count = 0; count < 500; count += 1) upload.write(Buffer.alloc(65_536))
  const [answer] = (await once(upload, 'response')) as [IncomingMessage]
  assert.equal(answer.statusCode, 413)
  answer.on('error', () => undefined).resume()
  await once(answer, 'end')
  const closed = new Promise((resolve) => upload.once('close', resolve))
  rig.clock.advance(10_000)
  await closed
  assert.equal(upload.writableFinished, false)
})

test('who stops sending after a refusal is not waited for', async (t) => {
  const rig = await startUploads(t)
  const { put: to, get } = await rig.slot()
  for (const [method, url, status] of [
    ['PUT', to, 413],
    ['PUT', get, 403],
    ['POST', get, 405],
    ['GET', get, 404],
    ['OPTIONS', get, 204],
    ['PUT', `${get}/x`, 403],
    ['PUT', `http://127.0.0.1:${rig.port}/upload/`, 404],
  ] as const) {
    const upload = request(url, { method, headers: { 'content-length': 100_000 } })
    upload.on('error', () => undefined).write('x')
    const [answer] = (await once(upload, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, status, method)
    answer.on('error', () => undefined).resume()
    await once(answer, 'end')
    const closed = new Promise((resolve) => upload.once('close', resolve))
    rig.clock.advance(10_000)
    await closed
  }
})

test('who fills the disk hears of it, and nothing stays there', async (t) => {
  const rig = await startUploads(t)
  const { put: to } = await rig.slot(undefined, { size: 900_000 })
  await using file = await open('/dev/null')
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', syscall: 'write' })
  t.mock.method(Object.getPrototypeOf(file) as typeof file, 'writeFile', () => Promise.reject(full))
  const answer = await put(to, 'x'.repeat(900_000))
  assert.equal(answer.status, 507)
  assert.deepEqual(rig.filesOnDisk(), [])
  assert.deepEqual(rig.uploads.total, { files: 0, bytes: 0 })
})

test('what fails is logged without the names of files', async (t) => {
  const lines: string[] = []
  const log = createLog('trace', { write: (line) => void lines.push(line) })
  const rig = await startUploads(t, { log })
  const { put: to, get } = await rig.slot()
  rmSync(rig.path, { recursive: true })
  assert.equal((await put(to)).status, 500)
  const [, id = 'none'] = /upload\/([^/]+)/.exec(get) ?? []
  assert.ok(lines.some((line) => /upload_request_failed.*ENOENT/.test(line)))
  assert.ok(lines.every((line) => !line.includes(id)))
})

test('other methods are not allowed', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share(TEXT)
  for (const method of ['POST', 'DELETE', 'PATCH']) {
    const answer = await fetch(get, { method })
    assert.equal(answer.status, 405)
    assert.match(answer.headers.get('allow') ?? '', /PUT/)
  }
  assert.equal((await fetch(get)).status, 200)
})

test('without TLS there is nothing', async (t) => {
  const rig = await startUploads(t, { isEncrypted: false })
  const { put: to, get } = await rig.slot()
  assert.equal((await put(to)).status, 403)
  assert.equal((await fetch(get)).status, 403)
})
