/** Takes a file for which a slot was given (XEP-0363 §7). */
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../../util/clock.ts'
import { parseMediaType } from '../media-type.ts'
import type { Slot } from '../slot-urls.ts'
import type { Uploads } from '../uploads.ts'
import { HttpRefusal } from './http-refusal.ts'
import { watchProgress } from './progress.ts'

export interface HttpDeps {
  readonly uploads: Uploads
  readonly clock: Clock
}

/** Throws what the error handler tells. */
export async function putFile(
  { uploads, clock }: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const slot = slotOf(uploads, request)
  requireLength(request.raw, slot)
  const contentType = typeOf(request.raw, slot)
  if (contentType !== undefined) uploads.requireType(contentType)
  const body = new Counted(request.raw)
  using _watching = watchProgress(clock, {
    size: slot.size,
    moved: () => body.bytes,
    late: () => {
      // Said before the connection ends: what is read from it then fails.
      const destroy = () => request.raw.destroy(new HttpRefusal(408, 'too slow'))
      reply.raw.once('finish', destroy).once('close', destroy)
      reply.code(408).header('connection', 'close').send('The file comes too slowly')
    },
  })
  await uploads.receive(slot, { contentType, body })
  return reply.code(201).header('location', uploads.linkTo(slot)).send()
}

function slotOf(uploads: Uploads, { params, query }: FastifyRequest): Slot {
  const { id } = params as { id: string }
  const { slot: token } = query as Record<string, unknown>
  const slot = typeof token === 'string' ? uploads.parseSlot(id, token) : undefined
  if (!slot) throw new HttpRefusal(403, 'There is no such slot')
  return slot
}

/** XEP-0363 §7: a file of another size is not taken; nor is one that does not say its size. */
function requireLength({ headers }: IncomingMessage, { size }: Slot): void {
  const { 'content-length': length } = headers
  if (length === undefined) throw new HttpRefusal(411, 'The size of the file is missing')
  const given = Number(length)
  if (given === size) return
  throw new HttpRefusal(given > size ? 413 : 400, `The slot is for a file of ${size} bytes`)
}

/** §7: what the slot was asked for, or where that was left open, what the upload says. */
function typeOf({ headers }: IncomingMessage, slot: Slot): string | undefined {
  const { 'content-type': header } = headers
  const given = header === undefined ? undefined : parseMediaType(header)?.text
  if (header !== undefined && given === undefined) {
    throw new HttpRefusal(415, 'That is no type of content')
  }
  if (slot.contentType === undefined) return given
  if (given !== slot.contentType) throw new HttpRefusal(415, `The slot is for ${slot.contentType}`)
  return given
}

/** What comes, counted. */
class Counted implements AsyncIterable<Uint8Array> {
  bytes = 0
  readonly #source: IncomingMessage

  constructor(source: IncomingMessage) {
    this.#source = source
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    // Where the disk is full, the client is to hear of it: his connection stays.
    for await (const chunk of this.#source.iterator({ destroyOnReturn: false })) {
      this.bytes += chunk.length
      yield chunk
    }
  }
}
