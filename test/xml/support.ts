import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Element } from '../../src/xml/element.ts'
import { XmlStreamParser, XmlSyntaxError } from '../../src/xml/tokenizer.ts'

export const LIMITS = { maxStanzaBytes: 4096, maxDepth: 32, maxAttributes: 32 }

export const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

/** What a parser told its handler, in order. */
export type XmlEvent = { open: Element } | { element: Element } | { close: true }

export class Recorder {
  readonly events: XmlEvent[] = []
  readonly parser: XmlStreamParser
  /** Called within `onElement`. */
  onStanza: ((element: Element) => void) | undefined

  constructor(limits = LIMITS) {
    this.parser = new XmlStreamParser(
      {
        onOpen: (open) => void this.events.push({ open }),
        onElement: (element) => {
          this.events.push({ element })
          this.onStanza?.(element)
        },
        onClose: () => void this.events.push({ close: true }),
      },
      limits,
    )
  }

  get elements(): Element[] {
    return this.events.flatMap((event) => ('element' in event ? [event.element] : []))
  }

  write(...chunks: (string | Uint8Array)[]): this {
    for (const chunk of chunks) {
      this.parser.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    }
    return this
  }
}

export function inPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
  return pieces
}

/** The stanzas of a stream that begins with `HEADER`. */
export function stanzas(text: string): Element[] {
  return new Recorder().write(HEADER, text).elements
}

/** The condition that a stream of these chunks is refused with; `undefined` where it is not. */
export function refusal(...chunks: (string | Uint8Array)[]): string | undefined {
  try {
    new Recorder().write(...chunks)
    return undefined
  } catch (error) {
    if (error instanceof XmlSyntaxError) return error.condition
    throw error
  }
}

export function corpus(kind: 'good' | 'bad'): { name: string; bytes: Buffer }[] {
  const directory = join(import.meta.dirname, 'corpus', kind)
  return readdirSync(directory)
    .sort()
    .map((file) => ({
      name: file.replace(/\.xml$/, ''),
      bytes: readFileSync(join(directory, file)),
    }))
}
