/**
 * Pieces of presence documents as text that stands in any document of ours: namespaces that these
 * documents know have the prefixes that they declare, others are declared where they begin. The
 * default namespace is PIDF's.
 */
import { type Element, escapeAttr, escapeText } from '../xml/element.ts'
import {
  NS_CAPS,
  NS_CIPID,
  NS_DATA_MODEL,
  NS_LOCATION_TYPE,
  NS_PIDF,
  NS_RPID,
  NS_TIMED_STATUS,
} from './pidf-model.ts'

export const PIDF_PREFIXES: ReadonlyMap<string, string> = new Map([
  [NS_PIDF, ''],
  [NS_DATA_MODEL, 'dm'],
  [NS_RPID, 'rpid'],
  [NS_CAPS, 'caps'],
  [NS_LOCATION_TYPE, 'lt'],
  [NS_CIPID, 'ci'],
  [NS_TIMED_STATUS, 'ts'],
])

/** RFC 4480 §5: IDs, which documents of several sources could have twice. */
const DROPPED: ReadonlySet<string> = new Set([NS_RPID])

export function writeFragment(element: Element, defaultNs = NS_PIDF): string {
  const { name, ns, attrs, children } = element
  const prefix = PIDF_PREFIXES.get(ns)
  const tag = prefix ? `${prefix}:${name}` : name
  const inner = prefix ? defaultNs : ns
  let out = `<${tag}`
  if (inner !== defaultNs) out += ` xmlns="${escapeAttr(inner)}"`
  let declared = 0
  for (const key in attrs) {
    if (key === 'id' && DROPPED.has(ns)) continue
    const value = escapeAttr(attrs[key] ?? '')
    if (key.charCodeAt(0) !== 0x7b) out += ` ${key}="${value}"`
    else {
      const end = key.lastIndexOf('}')
      declared += 1
      out += ` xmlns:a${declared}="${escapeAttr(key.slice(1, end))}" a${declared}:${key.slice(end + 1)}="${value}"`
    }
  }
  const content = children.filter((child) => typeof child !== 'string' || !isLayout(child, element))
  if (content.length === 0) return `${out}/>`
  out += '>'
  for (const child of content) {
    out += typeof child === 'string' ? escapeText(child) : writeFragment(child, inner)
  }
  return `${out}</${tag}>`
}

/** White space between elements is of the sender's editor. */
function isLayout(text: string, { children }: Element): boolean {
  return children.some((child) => typeof child !== 'string') && text.trim() === ''
}

/** Declarations of those prefixes that not every document of ours has, where they are used and not in `declared`. */
export function extraDeclarations(texts: readonly string[], declared: string): string {
  let out = ''
  for (const [ns, prefix] of PIDF_PREFIXES) {
    if (['', 'dm', 'rpid'].includes(prefix) || declared.includes(` xmlns:${prefix}=`)) continue
    if (texts.some((text) => text.includes(`${prefix}:`))) out += ` xmlns:${prefix}="${ns}"`
  }
  return out
}
