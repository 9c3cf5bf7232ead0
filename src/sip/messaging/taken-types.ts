/**
 * Which types of body a SIP client takes, as far as it has shown: what it refused is not sent to it again until it
 * registers anew (RFC 3261 §21.4.13 says by Accept what it would take).
 */
import { parseAccept, qualityOf } from '../message/values.ts'

/** What it may be spared; plain text is what everybody takes (RFC 3428 §7). */
const OPTIONAL = ['message/cpim', 'application/im-iscomposing+xml', 'multipart/mixed'] as const

export class TakenTypes {
  #refused: Set<string> | undefined
  #shown: Set<string> | undefined

  takes(type: string): boolean {
    return this.#refused?.has(type) !== true
  }

  /** It has sent such a body itself. */
  knows(type: string): boolean {
    return this.#shown?.has(type) === true
  }

  shows(type: string): void {
    this.#shown ??= new Set()
    this.#shown.add(type)
    this.#refused?.delete(type)
  }

  /** It answered one of `type` with a refusal, and perhaps what it takes instead. */
  refuses(type: string, accept: readonly string[]): void {
    this.#refused ??= new Set()
    this.#refused.add(type)
    if (accept.length === 0) return
    const ranges = parseAccept(accept)
    for (const other of OPTIONAL) if (qualityOf(ranges, other) === 0) this.#refused.add(other)
  }
}
