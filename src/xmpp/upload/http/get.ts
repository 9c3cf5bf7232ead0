/** Sends a file, or the part of it that is asked for (RFC 9110 §14, §15.3.7). */
import type { FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../net/callers.ts'
import type { StoredUpload } from '../../../storage/stores/uploads.ts'
import { type ByteRange, parseRange } from '../byte-range.ts'
import type { Uploads } from '../uploads.ts'
import { failedCondition, isRangeMeant, type Validators } from './conditions.ts'
import { contentHeaders, entityTag, validators } from './headers.ts'
import { HttpRefusal } from './http-refusal.ts'
import { watchProgress } from './progress.ts'
import type { HttpDeps } from './put.ts'

export interface GetDeps extends HttpDeps {
  readonly callers: { of(request: IncomingMessage): Caller }
}

/** Throws what the error handler tells. */
export async function getFile(
  deps: GetDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { uploads, clock } = deps
  const upload = await requireFile(uploads, request)
  const known: Validators = { etag: entityTag(upload), modifiedAt: upload.createdAt }
  reply.headers(validators(upload, clock.now()))
  const failed = failedCondition(request.headers, known)
  if (failed !== undefined) return reply.code(failed).send()
  reply.headers(contentHeaders(upload))
  const isMeant = request.method === 'GET' && isRangeMeant(ifRangeOf(request), known)
  const range = isMeant ? parseRange(request.headers.range, upload.size) : undefined
  if (range === 'unsatisfiable') return refuseRange(upload, reply)
  return request.method === 'HEAD'
    ? await describe(uploads, upload, reply)
    : await send(deps, { upload, range, request, reply })
}

/** The name is part of the address: nobody hands a file on under another. */
async function requireFile(uploads: Uploads, { params }: FastifyRequest): Promise<StoredUpload> {
  const { id, '*': name } = params as { id: string; '*': string }
  const upload = await uploads.find(id)
  if (upload === 'gone') throw gone()
  if (upload?.name !== name) throw new HttpRefusal(404, 'There is no such file')
  return upload
}

function gone(): HttpRefusal {
  return new HttpRefusal(410, 'The file is not there any more')
}

function ifRangeOf({ headers }: FastifyRequest): string | undefined {
  const { 'if-range': value } = headers
  return typeof value === 'string' ? value : undefined
}

function refuseRange({ size }: StoredUpload, reply: FastifyReply): FastifyReply {
  for (const name of ['content-type', 'content-disposition', 'etag', 'cache-control']) {
    reply.removeHeader(name)
  }
  return reply.code(416).header('content-range', `bytes */${size}`).send()
}

async function describe(
  uploads: Uploads,
  upload: StoredUpload,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const file = await uploads.read(upload)
  if (!file) throw gone()
  await file.close()
  return reply.header('content-length', upload.size).send()
}

interface Sending {
  readonly upload: StoredUpload
  readonly range: ByteRange | undefined
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function send(deps: GetDeps, sending: Sending): Promise<FastifyReply> {
  const { uploads, callers } = deps
  const { upload, request, reply } = sending
  const place = uploads.downloads.take(callers.of(request.raw).address)
  if (place === 'all') throw new HttpRefusal(503, 'Too many files are sent at once')
  if (place === 'one') throw new HttpRefusal(429, 'You load too many files at once')
  reply.raw.once('close', () => place[Symbol.dispose]())
  const file = await uploads.read(upload)
  if (!file) throw gone()
  return stream(deps, file, sending)
}

function stream(
  { clock }: GetDeps,
  file: FileHandle,
  { upload, range, reply }: Sending,
): FastifyReply {
  const { start, end } = range ?? { start: 0, end: upload.size - 1 }
  const size = end - start + 1
  if (range) reply.code(206).header('content-range', `bytes ${start}-${end}/${upload.size}`)
  const content = file.createReadStream({ start, end })
  const watching = watchProgress(clock, {
    size,
    moved: () => content.bytesRead,
    late: () => reply.raw.destroy(),
  })
  reply.raw.once('close', () => {
    watching[Symbol.dispose]()
    content.destroy()
  })
  return reply.header('content-length', size).send(content)
}
