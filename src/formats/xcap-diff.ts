/** Changes of XCAP documents (RFC 5874): what a watcher has been told, and the document that tells him. */
import { createHash } from 'node:crypto'
import { compareText } from '../util/compare-text.ts'
import { escapeAttr } from '../xml/element.ts'
import type { Bindings } from '../xml/source-tree.ts'

/** The media type (RFC 5874 §6.1). */
export const XCAP_DIFF = 'application/xcap-diff+xml'
export const NS_XCAP_DIFF = 'urn:ietf:params:xml:ns:xcap-diff'

/** How changes are told (RFC 5875 §4.3), the simplest first. */
export const DIFF_PROCESSINGS = ['no-patching', 'xcap-patching', 'aggregate'] as const
export type DiffProcessing = (typeof DIFF_PROCESSINGS)[number]

/** One resource that a watcher is told of. */
export type DiffResource =
  | { readonly kind: 'document'; readonly etag: string; readonly text: string }
  | { readonly kind: 'element'; readonly content: string; readonly bindings: Bindings }
  | { readonly kind: 'attribute'; readonly content: string }

/** All that a watcher knows, by selector. */
export class XcapDiffState {
  readonly resources: ReadonlyMap<string, DiffResource>
  #tag: string | undefined

  constructor(resources: ReadonlyMap<string, DiffResource>) {
    this.resources = resources
  }

  equals(other: unknown): boolean {
    return other instanceof XcapDiffState && other.tag === this.tag
  }

  /** RFC 5875 §4.7: the order of selectors plays no part. */
  get tag(): string {
    this.#tag ??= createHash('sha256')
      .update(
        JSON.stringify([...this.resources].sort(([a], [b]) => compareText(a, b)).map(essence)),
      )
      .digest('base64url')
    return this.#tag
  }
}

function essence([selector, resource]: [string, DiffResource]): readonly string[] {
  const { kind } = resource
  return [selector, kind, kind === 'document' ? resource.etag : resource.content]
}

/** `xcapRoot` is absolute and ends with a slash; `changes` are elements of the document. */
export function renderXcapDiff(xcapRoot: string, changes: readonly string[]): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<xd:xcap-diff xmlns:xd="${NS_XCAP_DIFF}" xcap-root="${escapeAttr(xcapRoot)}">` +
    `${changes.join('')}</xd:xcap-diff>\n`
  )
}

export interface DocumentChange {
  readonly selector: string
  readonly previous?: string | undefined
  readonly current?: string | undefined
  /** Operations of RFC 5261 in the namespace of the prefix `xd`; empty where there are none. */
  readonly patch?: string
}

/** §3, figure 1. */
export function documentChange({
  selector,
  previous,
  current,
  patch = '',
}: DocumentChange): string {
  const attributes =
    (current === undefined ? '' : ` new-etag="${current}"`) +
    ` sel="${escapeAttr(selector)}"` +
    (previous === undefined ? '' : ` previous-etag="${previous}"`)
  return patch === ''
    ? `<xd:document${attributes}/>`
    : `<xd:document${attributes}>${patch}</xd:document>`
}

/** `undefined`: it is not there any more. */
export function componentChange(
  selector: string,
  kind: 'element' | 'attribute',
  now: DiffResource | undefined,
): string {
  const start = `<xd:${kind} sel="${escapeAttr(selector)}"`
  if (now === undefined || now.kind === 'document') return `${start} exists="0"/>`
  const bindings = now.kind === 'element' ? declarations(now.bindings) : ''
  return `${start}${bindings}>${now.content}</xd:${kind}>`
}

/** For content that was cut out of where these hold. */
export function declarations(bindings: Bindings): string {
  return [...bindings]
    .filter(([prefix, uri]) => prefix !== 'xml' && prefix !== 'xd' && (prefix === '' || uri !== ''))
    .map(([prefix, uri]) => ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeAttr(uri)}"`)
    .join('')
}
