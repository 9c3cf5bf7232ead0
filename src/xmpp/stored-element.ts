/** XML that a client sent, and that was kept as text. */
import { parseDocument } from '../xml/document.ts'
import type { Element } from '../xml/element.ts'

/** It was checked when it came in: these bound nothing that is not bounded. */
const LIMITS = { maxStanzaBytes: 2 ** 30, maxDepth: 1000, maxAttributes: 1000 }

export function storedElement(text: string): Element {
  return parseDocument(text, LIMITS)
}
