/**
 * What only we can have made: names of files, and leave to upload one. Whoever has the name may read the file; who
 * guesses names is refused before anybody looks for a file.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { type Purpose, parsePurpose } from './purpose.ts'

/** Leave to upload one file. */
export interface Slot {
  readonly id: string
  readonly account: string
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** `undefined` where the client did not say. */
  readonly contentType: string | undefined
  readonly purpose: Purpose
  /** How long the file may stay; `undefined` for as long as files of its purpose do. */
  readonly keepUntil: number | undefined
  /** When the upload has to have begun. */
  readonly until: number
}

const RANDOM_BYTES = 16
const MARK_BYTES = 8
const ID = /^[A-Za-z0-9_-]{32}$/
const TOKEN = /^([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43})$/

export class SlotUrls {
  readonly #key: Buffer

  constructor(key: Buffer) {
    this.#key = key
  }

  /** Begins with no dash: on a command line it would be taken for an option. */
  newId(): string {
    for (;;) {
      const random = randomBytes(RANDOM_BYTES)
      const id = Buffer.concat([random, this.#markOf(random)]).toString('base64url')
      if (!id.startsWith('-')) return id
    }
  }

  isId(text: string): boolean {
    if (!ID.test(text)) return false
    const bytes = Buffer.from(text, 'base64url')
    const [random, mark] = [bytes.subarray(0, RANDOM_BYTES), bytes.subarray(RANDOM_BYTES)]
    return timingSafeEqual(mark, this.#markOf(random))
  }

  /** For the URL that the file is put to. */
  token(slot: Slot): string {
    const { id, account, name, size, contentType, purpose, keepUntil, until } = slot
    const terms = [account, name, size, contentType ?? null, purpose, keepUntil ?? null, until]
    const text = Buffer.from(JSON.stringify(terms)).toString('base64url')
    return `${text}.${this.#sign(id, text).toString('base64url')}`
  }

  /** `undefined` where it is none of ours, or that of another file. */
  slot(id: string, token: string): Slot | undefined {
    const [, text, signature] = TOKEN.exec(token) ?? []
    if (text === undefined || signature === undefined || !this.isId(id)) return undefined
    const given = Buffer.from(signature, 'base64url')
    if (!timingSafeEqual(given, this.#sign(id, text))) return undefined
    return parseTerms(id, Buffer.from(text, 'base64url').toString())
  }

  #markOf(random: Buffer): Buffer {
    return createHmac('sha256', this.#key)
      .update('file\0')
      .update(random)
      .digest()
      .subarray(0, MARK_BYTES)
  }

  #sign(id: string, text: string): Buffer {
    return createHmac('sha256', this.#key).update(`slot\0${id}\0${text}`).digest()
  }
}

/** We wrote it. */
function parseTerms(id: string, json: string): Slot | undefined {
  const terms = JSON.parse(json) as [
    account: string,
    name: string,
    size: number,
    contentType: string | null,
    purpose: string,
    keepUntil: number | null,
    until: number,
  ]
  const [account, name, size, contentType, purposeName, keepUntil, until] = terms
  const purpose = parsePurpose(purposeName)
  return (
    purpose && {
      id,
      account,
      name,
      size,
      contentType: contentType ?? undefined,
      purpose,
      keepUntil: keepUntil ?? undefined,
      until,
    }
  )
}
