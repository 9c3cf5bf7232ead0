/** XEP-0363: who may share how much, for how long, and what a crash leaves. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { metrics } from '../../../src/util/metrics.ts'
import { UploadError } from '../../../src/xmpp/upload/upload-error.ts'
import { ALICE, BOB, DAY_MS, ERIN, type Rig, startUploads } from './rig.ts'

/** Why it was refused, and when it may be tried again: a time from now. */
async function refusal(rig: Rig, asked: Promise<unknown>): Promise<string> {
  try {
    await asked
  } catch (error) {
    if (!(error instanceof UploadError)) throw error
    const { reason, retryAt } = error
    return retryAt === undefined ? reason : `${reason} ${retryAt - rig.clock.now()}`
  }
  return 'granted'
}

test('a file stays as long as the operator says, to the millisecond', async (t) => {
  const rig = await startUploads(t, { config: { keep: DAY_MS } })
  const get = await rig.share('hello')
  rig.clock.advance(DAY_MS - 1000)
  const last = await fetch(get)
  assert.equal(last.headers.get('cache-control'), 'private, max-age=1, immutable')
  assert.equal(await last.text(), 'hello')
  rig.clock.advance(1000)
  assert.equal((await fetch(get)).status, 410)
  await rig.uploads.clean()
  assert.deepEqual(rig.filesOnDisk(), [])
  assert.deepEqual(rig.uploads.total, { files: 0, bytes: 0 })
  assert.equal((await fetch(get)).status, 410)
  rig.clock.advance(DAY_MS)
  await rig.uploads.clean()
  assert.equal((await fetch(get)).status, 404)
})

test('cleaning comes by itself', async (t) => {
  const rig = await startUploads(t, { config: { keep: DAY_MS } })
  await rig.share('hello')
  rig.clock.advance(DAY_MS)
  while (rig.filesOnDisk().length > 0 || rig.uploads.total.files > 0) {
    rig.clock.advance(600_000)
    await turn()
  }
})

test('where files stay for ever, they do', async (t) => {
  const rig = await startUploads(t, { config: { keep: 0 } })
  const get = await rig.share('hello')
  rig.clock.advance(10_000 * DAY_MS)
  await rig.uploads.clean()
  assert.equal(
    (await fetch(get)).headers.get('cache-control'),
    'private, max-age=31536000, immutable',
  )
})

test('an ephemeral file goes when its sender said, or sooner', async (t) => {
  const rig = await startUploads(t, { config: { keep: DAY_MS } })
  const now = rig.clock.now()
  const soon = await rig.share('hello', { purpose: 'ephemeral', keepUntil: now + 60_000 })
  const late = await rig.share('hello', { purpose: 'ephemeral', keepUntil: now + 9 * DAY_MS })
  rig.clock.advance(60_000)
  assert.equal((await fetch(soon)).status, 410)
  assert.equal((await fetch(late)).status, 200)
  rig.clock.advance(DAY_MS)
  assert.equal((await fetch(late)).status, 410)
  const over = rig.slot(ALICE, { purpose: 'ephemeral', keepUntil: rig.clock.now() })
  assert.equal(await refusal(rig, over), 'over')
  const { put } = await rig.slot(ALICE, { purpose: 'ephemeral', keepUntil: rig.clock.now() + 1000 })
  rig.clock.advance(1000)
  assert.equal((await fetch(put, { method: 'PUT', body: 'hello' })).status, 410)
})

test('each purpose has rules of its own', async (t) => {
  const rig = await startUploads(t, { config: { quota: 100, maxSize: 1500 } })
  const ask = (purpose: 'message' | 'profile' | 'permanent', size: number) =>
    refusal(rig, rig.slot(ALICE, { purpose, size }))
  assert.equal(await ask('message', 101), 'too-large')
  assert.equal(await ask('message', 100), 'granted')
  assert.equal(await ask('profile', 1001), 'too-large')
  assert.equal(await ask('profile', 1000), 'granted')
  assert.equal(await ask('profile', 1000), 'granted')
  assert.equal(await ask('profile', 1), 'quota')
  assert.equal(await ask('permanent', 1), 'purpose')
  const avatar = await (await startUploads(t)).share('hello', { purpose: 'profile' })
  assert.match((await fetch(avatar)).headers.get('cache-control') ?? '', /max-age=31536000/)
})

test('who has as much as he may have is told when there is room again', async (t) => {
  const rig = await startUploads(t, { config: { quota: 20, keep: 10 * DAY_MS } })
  await rig.share('0123456789')
  rig.clock.advance(1000)
  await rig.share('01234')
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 6 })), `quota ${10 * DAY_MS - 1000}`)
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 16 })), `quota ${10 * DAY_MS}`)
  assert.equal(await refusal(rig, rig.slot(BOB, { size: 6 })), 'granted')
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 5 })), 'granted')
  // What has a slot counts like what is there.
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 1 })), `quota ${10 * DAY_MS - 1000}`)
  rig.clock.advance(300_000)
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 5 })), 'granted')
  rig.clock.advance(10 * DAY_MS)
  await rig.uploads.clean()
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 20 })), 'granted')
})

test('two who ask at once do not get the same room', async (t) => {
  const rig = await startUploads(t, { config: { quota: 20, totalQuota: 30 } })
  const asked = Array.from({ length: 10 }, () => refusal(rig, rig.slot(ALICE, { size: 10 })))
  assert.deepEqual((await Promise.all(asked)).filter((answer) => answer === 'granted').length, 2)
  const others = Array.from({ length: 10 }, () => refusal(rig, rig.slot(BOB, { size: 10 })))
  assert.deepEqual((await Promise.all(others)).sort(), [...Array(9).fill('full'), 'granted'])
})

test('there is a limit for a day, which removed files count for', async (t) => {
  const rig = await startUploads(t, { config: { bytesPerDay: 20, filesPerDay: 3 } })
  const until = rig.clock.now() + 60_000
  await rig.share('0123456789', { purpose: 'ephemeral', keepUntil: until })
  rig.clock.advance(60_000)
  await rig.uploads.clean()
  assert.deepEqual(rig.uploads.total, { files: 0, bytes: 0 })
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 11 })), `daily ${DAY_MS - 60_000}`)
  await rig.share('1')
  await rig.share('1')
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 1 })), `daily ${DAY_MS - 60_000}`)
  assert.equal(await refusal(rig, rig.slot(BOB, { size: 1 })), 'granted')
  rig.clock.advance(DAY_MS - 60_000)
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 11 })), 'granted')
})

test('only users of the system may share, and only those of domains that the operator named', async (t) => {
  const rig = await startUploads(t, { config: { domains: ['corp.example'] } })
  assert.equal(await refusal(rig, rig.slot(ERIN)), 'forbidden')
  assert.equal(await refusal(rig, rig.slot('nobody@corp.example' as typeof ALICE)), 'forbidden')
  assert.equal(await refusal(rig, rig.slot('alice@far.example' as typeof ALICE)), 'forbidden')
  const { put } = await rig.slot(ALICE)
  await rig.directory.updateUser(ALICE, { disabled: true })
  assert.equal(await refusal(rig, rig.slot(ALICE)), 'forbidden')
  assert.equal((await fetch(put, { method: 'PUT', body: 'hello' })).status, 403)
})

test('slots are limited, too', async (t) => {
  const rig = await startUploads(t, { config: { filesPerDay: 1000 } })
  for (let count = 0; count < 100; count += 1) await rig.slot(ALICE, { size: 1 })
  assert.equal(await refusal(rig, rig.slot(ALICE, { size: 1 })), 'busy-user 300000')
  assert.equal(await refusal(rig, rig.slot(BOB, { size: 1 })), 'granted')
})

test('a user’s files go with him, and are not those of a namesake', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share('hello')
  await rig.directory.removeUser(ALICE)
  await rig.directory.addUser({ account: ALICE })
  assert.equal((await fetch(get)).status, 404)
  while (rig.filesOnDisk().length > 0 || rig.uploads.total.files > 0) await turn()
  assert.deepEqual(await rig.uploads.list(ALICE, { limit: 10 }), [])
})

test('who is removed while his file arrives leaves nothing', async (t) => {
  const rig = await startUploads(t)
  const { put } = await rig.slot()
  const upload = begin(put, 5)
  upload.write('he')
  await arriving(rig)
  await rig.directory.removeUser(ALICE)
  upload.end('llo')
  assert.equal(await statusOf(upload), 403)
  assert.deepEqual(rig.filesOnDisk(), [])
  assert.deepEqual(rig.uploads.total, { files: 0, bytes: 0 })
})

test('an upload that breaks off leaves nothing, and can be tried again', async (t) => {
  const rig = await startUploads(t)
  const { put, get } = await rig.slot()
  const upload = begin(put, 5)
  upload.on('error', () => undefined)
  upload.write('he')
  await arriving(rig)
  upload.destroy()
  while (rig.filesOnDisk().length > 0 || rig.uploads.total.files > 0) await turn()
  assert.equal((await fetch(get)).status, 404)
  assert.equal((await fetch(put, { method: 'PUT', body: 'hello' })).status, 201)
  assert.equal(await (await fetch(get)).text(), 'hello')
})

test('one that comes too slowly is ended', async (t) => {
  const rig = await startUploads(t)
  const { put } = await rig.slot(ALICE, { size: 200_000 })
  const upload = begin(put, 200_000)
  upload.write(Buffer.alloc(70_000))
  const status = statusOf(upload)
  await arriving(rig, 70_000)
  rig.clock.advance(30_000)
  upload.write(Buffer.alloc(10))
  rig.clock.advance(30_000)
  assert.equal(await status, 408)
  while (rig.filesOnDisk().length > 0 || rig.uploads.total.files > 0) await turn()
})

test('so many arrive at a time, of all and of each', async (t) => {
  const rig = await startUploads(t, { config: { maxUploads: 3, maxUploadsPerUser: 2 } })
  const puts = await Promise.all([ALICE, ALICE, BOB].map((account) => rig.slot(account)))
  const uploads = puts.map(({ put }) => begin(put, 5))
  for (const upload of uploads) upload.write('h')
  while (rig.uploads.total.files < 3) await turn()
  const third = await fetch((await rig.slot(ALICE)).put, { method: 'PUT', body: 'hello' })
  assert.deepEqual([third.status, third.headers.get('retry-after')], [429, '30'])
  const fourth = await fetch((await rig.slot(ERIN)).put, { method: 'PUT', body: 'hello' })
  assert.deepEqual([fourth.status, fourth.headers.get('retry-after')], [503, '30'])
  for (const upload of uploads) upload.end('ello')
  assert.deepEqual(await Promise.all(uploads.map(statusOf)), [201, 201, 201])
  assert.equal(
    (await fetch((await rig.slot(ERIN)).put, { method: 'PUT', body: 'hello' })).status,
    201,
  )
})

test('who does not read what he asked for makes room for others', async (t) => {
  const rig = await startUploads(t, {
    config: {
      maxSize: 30_000_000,
      quota: 30_000_000,
      bytesPerDay: 30_000_000,
      maxDownloadsPerAddress: 1,
    },
  })
  const get = await rig.share(new Uint8Array(30_000_000))
  const lazy = request(get)
  lazy.on('error', () => undefined).end()
  const [answer] = (await once(lazy, 'response')) as [NodeJS.ReadableStream]
  answer.pause().on('error', () => undefined)
  assert.equal((await fetch(get)).status, 429)
  const first = () => fetch(get, { headers: { range: 'bytes=0-0' } })
  while ((await first()).status !== 206) {
    rig.clock.advance(30_000)
    await turn()
  }
  lazy.destroy()
})

test('a crash leaves no part of a file, and the slot can be used', async (t) => {
  const rig = await startUploads(t)
  const whole = await rig.share('hello')
  const { put, get } = await rig.slot()
  const [, id = ''] = /upload\/([^/]+)/.exec(get) ?? []
  // What is there when the process ends between two steps, whichever they are.
  const row = { id, account: ALICE, name: 'hello.txt', content_type: 'text/plain', size: 5 }
  const times = { created_at: rig.clock.now(), expires_at: null }
  await rig.database.kysely
    .insertInto('uploads')
    .values({ ...row, ...times, purpose: 'message', state: 'arriving' })
    .execute()
  writeFileSync(join(rig.path, 'partial', id), 'hel')
  mkdirSync(join(rig.path, id.slice(0, 2)), { recursive: true })
  writeFileSync(join(rig.path, id.slice(0, 2), id), 'hello')
  const next = await startUploads(t, { left: rig })
  assert.equal(next.filesOnDisk().length, 1)
  assert.deepEqual(next.uploads.total, { files: 1, bytes: 5 })
  const path = (url: string) => url.replace(String(rig.port), String(next.port))
  assert.equal(await (await fetch(path(whole))).text(), 'hello')
  assert.equal((await fetch(path(get))).status, 404)
  assert.equal((await fetch(path(put), { method: 'PUT', body: 'hello' })).status, 201)
  assert.equal(await (await fetch(path(get))).text(), 'hello')
})

test('files are for the server’s eyes only, and links on the disk are not followed', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share('hello')
  const [name = ''] = rig.filesOnDisk()
  const file = join(rig.path, name)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  for (const folder of [rig.path, dirname(file), join(rig.path, 'partial')]) {
    assert.equal(statSync(folder).mode & 0o777, 0o700)
  }
  truncateSync(file, 3)
  assert.equal((await fetch(get)).status, 410)
  rmSync(file)
  assert.equal((await fetch(get)).status, 410)
  symlinkSync('/etc/hostname', file)
  assert.equal((await fetch(get)).status, 410)
  const { put, get: other } = await rig.slot()
  const [, id = ''] = /upload\/([^/]+)/.exec(other) ?? []
  const target = join(rig.path, 'elsewhere')
  symlinkSync(target, join(rig.path, 'partial', id))
  assert.equal((await fetch(put, { method: 'PUT', body: 'hello' })).status, 500)
  assert.ok(!readdirSync(rig.path).includes('elsewhere'))
})

test('an administrator lists a user’s files and removes them', async (t) => {
  const rig = await startUploads(t)
  const get = await rig.share('hello')
  const [file] = await rig.uploads.list(ALICE, { limit: 10 })
  assert.equal(rig.uploads.linkTo(file ?? { id: '', account: '', name: '' }), get)
  assert.equal(await rig.uploads.remove(BOB, file?.id ?? ''), false)
  assert.equal(await rig.uploads.remove(ALICE, file?.id ?? ''), true)
  assert.equal(await rig.uploads.remove(ALICE, file?.id ?? ''), false)
  assert.equal((await fetch(get)).status, 410)
  assert.deepEqual(rig.filesOnDisk(), [])
  assert.deepEqual(rig.uploads.total, { files: 0, bytes: 0 })
})

test('what happens is counted', async (t) => {
  const rig = await startUploads(t)
  await rig.share('hello')
  const text = await metrics.metrics()
  assert.match(text, /^heliograph_upload_puts_total\{status="201"\} [1-9]/m)
  assert.match(text, /^heliograph_upload_files 1$/m)
  assert.match(text, /^heliograph_upload_bytes 5$/m)
  assert.match(text, /^heliograph_upload_removed_total\{cause="expired"\} [1-9]/m)
})

function begin(url: string, length: number) {
  return request(url, { method: 'PUT', headers: { 'content-length': length } })
}

async function statusOf(upload: ReturnType<typeof begin>): Promise<number | undefined> {
  upload.on('error', () => undefined)
  const [answer] = (await once(upload, 'response')) as [{ statusCode?: number; resume(): void }]
  answer.resume()
  return answer.statusCode
}

/** So many bytes of a file are on the disk. */
async function arriving({ path }: Rig, bytes = 1): Promise<void> {
  for (;;) {
    const [name] = readdirSync(join(path, 'partial'))
    if (name !== undefined && statSync(join(path, 'partial', name)).size >= bytes) return
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
