/** If-Match and If-None-Match, about the whole document whatever the node (RFC 4825 §8.2.6, §8.5). */
import type { XcapDocument } from './xcap-documents.ts'
import { XcapRefusal } from './xcap-refusal.ts'

export interface Conditions {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** In the order of RFC 9110 §13.2.2. Throws `XcapRefusal` 412. */
export function requireConditions(
  { ifMatch, ifNoneMatch }: Conditions,
  document: XcapDocument | undefined,
): 'go-on' | 'not-modified' {
  if (ifMatch !== undefined && !names(ifMatch, document)) {
    throw new XcapRefusal(412, 'The document has changed', etagHeader(document))
  }
  const isKnown = ifNoneMatch !== undefined && names(ifNoneMatch, document)
  return isKnown ? 'not-modified' : 'go-on'
}

/** So that a client which was too late knows what it missed. */
function etagHeader(document: XcapDocument | undefined): Record<string, string> {
  return document ? { etag: `"${document.etag}"` } : {}
}

function names(list: string, document: XcapDocument | undefined): boolean {
  if (!document) return false
  if (list.trim() === '*') return true
  // @COMPAT(xcaplib): sends tags without their quotes.
  const tags = list.split(',').map((tag) => tag.trim().replace(/^(W\/)?"?|"$/g, ''))
  return tags.includes(document.etag)
}
