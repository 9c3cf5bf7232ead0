/**
 * Partial presence documents (RFC 5262): `pidf-full` has all of it, `pidf-diff` what has changed since
 * another one, as operations of RFC 5261. Both are numbered by one count.
 */
import { parseScopedDocument, type ScopedDocument } from '../xml/document.ts'
import { Element, escapeAttr, newAttributes } from '../xml/element.ts'
import { makePatch } from '../xml/patch/make-patch.ts'
import { type PatchOperation, parseOperations } from '../xml/patch/operations.ts'
import { type PatchCondition, PatchError } from '../xml/patch/patch-error.ts'
import { Prefixes } from '../xml/prefixes.ts'
import { type XmlCondition, XmlSyntaxError } from '../xml/syntax.ts'
import { PIDF_PREFIXES } from './pidf-fragments.ts'
import { NS_PIDF, PidfError } from './pidf-model.ts'
import { PIDF_LIMITS } from './pidf-parser.ts'
import type { PresenceView } from './presence-view.ts'

/** The media type (RFC 5262 §5.2). */
export const PIDF_DIFF = 'application/pidf-diff+xml'
export const NS_PIDF_DIFF = 'urn:ietf:params:xml:ns:pidf-diff'

const PREFIXES: ReadonlyMap<string, string> = new Map([...PIDF_PREFIXES, [NS_PIDF_DIFF, 'p']])

export function renderPidfFull(view: PresenceView, version: number): string {
  return view.withRoot('p:pidf-full', ` xmlns:p="${NS_PIDF_DIFF}" version="${version}"`)
}

/**
 * What makes `to` of `from`; the whole of `to` where that is no longer (RFC 5262 §4). The difference
 * is made once for all watchers who have the one and get the other.
 */
export function renderPidfDiff(from: PresenceView, to: PresenceView, version: number): string {
  const difference = differenceOf(from, to)
  if (difference === undefined) return renderPidfFull(to, version)
  const { namespaces, operations } = difference
  const entity = escapeAttr(to.entity)
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<p:pidf-diff${namespaces} version="${version}" entity="${entity}">${operations}</p:pidf-diff>\n`
  )
}

interface Difference {
  readonly namespaces: string
  readonly operations: string
}

const differences = new WeakMap<PresenceView, WeakMap<PresenceView, Difference | 'none'>>()

function differenceOf(from: PresenceView, to: PresenceView): Difference | undefined {
  let toThis = differences.get(to)
  if (!toThis) {
    toThis = new WeakMap()
    differences.set(to, toThis)
  }
  let difference = toThis.get(from)
  if (!difference) {
    difference = makeDifference(from, to) ?? 'none'
    toThis.set(from, difference)
  }
  return difference === 'none' ? undefined : difference
}

function makeDifference(from: PresenceView, to: PresenceView): Difference | undefined {
  const prefixes = new Prefixes(PREFIXES)
  prefixes.of(NS_PIDF_DIFF)
  prefixes.of(NS_PIDF)
  const operations = makePatch({ prefixes, ns: NS_PIDF_DIFF }, from.tree, to.tree)
  if (operations === undefined) return undefined
  const namespaces = prefixes.declarations()
  const isShorter = operations.length + namespaces.length < to.content.length + to.namespaces.length
  return isShorter ? { namespaces, operations } : undefined
}

/** What a publisher sends (RFC 5264 §4.3): all of it, as a `presence` element, or what he changes. */
export type PartialPresence =
  | { readonly kind: 'full'; readonly presence: Element }
  | { readonly kind: 'diff'; readonly operations: readonly PatchOperation[] }

/** Throws `PatchError`, and `PidfError` `too-large`. */
export function parsePidfDiff(bytes: Uint8Array): PartialPresence {
  const document = parseXml(bytes)
  const { root } = document
  requireVersion(root)
  if (root.is('pidf-full', NS_PIDF_DIFF)) return { kind: 'full', presence: presenceOf(root) }
  if (root.is('pidf-diff', NS_PIDF_DIFF)) {
    return { kind: 'diff', operations: parseOperations(document) }
  }
  throw new PatchError('invalid-diff-format', `the document is {${root.ns}}${root.name}`)
}

/** RFC 5264 §4.3.1: the presence document under `pidf-full`. */
function presenceOf({ attrs, children }: Element): Element {
  const own = newAttributes()
  for (const key in attrs) if (key !== 'version') own[key] = attrs[key] ?? ''
  return new Element('presence', NS_PIDF, own, children)
}

/** RFC 5262 §11. RFC 5264 §3.2: entity-tags tell the order of publications, so nothing else is done with it. */
function requireVersion(root: Element): void {
  const version = root.attr('version')
  if (version === undefined || /^\d{1,10}$/.test(version.trim())) return
  throw new PatchError('invalid-attribute-value', 'the version is no number')
}

const CONDITIONS: Readonly<Partial<Record<XmlCondition, PatchCondition>>> = {
  'restricted-xml': 'invalid-entity-declaration',
  'unsupported-encoding': 'invalid-character-set',
}

function parseXml(bytes: Uint8Array): ScopedDocument {
  try {
    return parseScopedDocument(bytes, PIDF_LIMITS)
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    if (error.condition === 'policy-violation') throw new PidfError('too-large', error.message)
    throw new PatchError(CONDITIONS[error.condition] ?? 'invalid-diff-format', error.message)
  }
}
