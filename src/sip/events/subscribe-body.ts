/**
 * A body that SUBSCRIBEs of a package may have (RFC 6665 §5.4.3). It is read when it comes and kept as it is,
 * so that it can be written to disk; what was read of it lives as long.
 */
import type { Asked, AskedBody } from './asked.ts'

export class SubscribeBody<T> {
  /** `type/subtype` in lower case. */
  readonly contentType: string
  /** A Content-Disposition that it has to have, in lower case. */
  readonly disposition: string | undefined
  readonly #parse: (content: Buffer) => T
  readonly #merge: ((before: Buffer, now: Buffer) => Buffer) | undefined
  readonly #read = new WeakMap<AskedBody, { readonly value: T }>()

  /**
   * `parse` throws `SipError` 400 where a body is not what it claims to be; `merge` is for those that
   * in a refresh change what came before, where others replace it.
   */
  constructor(
    { contentType, disposition }: { contentType: string; disposition?: string },
    parse: (content: Buffer) => T,
    merge?: (before: Buffer, now: Buffer) => Buffer,
  ) {
    this.contentType = contentType
    this.disposition = disposition
    this.#parse = parse
    this.#merge = merge
  }

  matches({ contentType, disposition }: AskedBody): boolean {
    if (contentType !== this.contentType) return false
    return this.disposition === undefined || this.disposition === disposition
  }

  read(body: AskedBody): T {
    let read = this.#read.get(body)
    if (!read) {
      read = { value: this.#parse(body.content) }
      this.#read.set(body, read)
    }
    return read.value
  }

  /** The bodies of a refresh, with what this one makes of it and of those before. */
  merged(before: readonly AskedBody[], now: readonly AskedBody[]): readonly AskedBody[] {
    const old = before.find((one) => this.matches(one))
    if (!this.#merge || !old) return now
    const own = now.find((one) => this.matches(one))
    if (!own) return [...now, old]
    const content = this.#merge(old.content, own.content)
    return now.map((one) => (one === own ? { ...own, content } : one))
  }

  /** What a watcher asked for by a body of this kind. */
  of(asked: Asked | undefined): T | undefined {
    const body = asked?.bodies.find((one) => this.matches(one))
    return body && this.read(body)
  }
}
