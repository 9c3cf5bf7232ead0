/** Classes of sources (RFC 4480 §3.3: “The naming of classes is left to the presentity”). */
import { isSourceClass, type SourceClass } from '../core/presence/observation.ts'

/** @COMPAT(enterprise presence servers): what others call the kinds of source that are ours too. */
const OTHER_NAMES: ReadonlyMap<string, SourceClass> = new Map([
  ['line-of-business', 'lob'],
  ['lob-application', 'lob'],
  ['line-of-business-lob-application', 'lob'],
  ['avaya-application', 'application'],
  ['avaya-im', 'enterprise-im'],
  ['avaya-im-jabber', 'enterprise-im'],
  ['out-of-the-office', 'out-of-office'],
])

/** `undefined` for a class that this system does not have. `added` are those of its own. */
export function sourceClassOf(
  text: string | undefined,
  added: readonly SourceClass[] = [],
): SourceClass | undefined {
  if (text === undefined || text.length > 64) return undefined
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const known = OTHER_NAMES.get(name) ?? name
  return isSourceClass(known, added) ? known : undefined
}
