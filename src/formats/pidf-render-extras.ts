/** What publishers said beside what the core reads, shown in documents of ours: kept as text, written as it is. */
import { hash } from 'node:crypto'
import type { PresenceDocument } from '../core/presence/document.ts'
import type { Extra } from '../core/presence/observation.ts'
import { extraDeclarations } from './pidf-fragments.ts'
import { NS_CAPS } from './pidf-model.ts'

const SERVCAPS = `{${NS_CAPS}}servcaps`

export function textsOf(extras: readonly Extra[], of: Extra['of']): string {
  let out = ''
  for (const extra of extras) if (extra.of === of) out += extra.text
  return out
}

/** The publisher's own word on his service is more than what the core knows of it. */
export function hasServcaps(extras: readonly Extra[]): boolean {
  return extras.some(({ kind, of }) => of === 'service' && kind === SERVCAPS)
}

/** RFC 4479 §3.4; the same device has the same ID in every document. */
export function renderDevices(extras: readonly Extra[]): string {
  let out = ''
  for (const { of, kind, text } of extras) {
    if (of !== 'device') continue
    out += `<dm:device id="d${hash('sha1', kind).slice(0, 12)}">${text}</dm:device>`
  }
  return out
}

/** Of prefixes beside those that every document has and those of `declared`. */
export function declarationsFor(document: PresenceDocument, declared: string): string {
  let texts: string[] | undefined
  for (const { extras } of [document, ...document.tuples]) {
    if (extras) texts = [...(texts ?? []), ...extras.map(({ text }) => text)]
  }
  return texts ? extraDeclarations(texts, declared) : ''
}
