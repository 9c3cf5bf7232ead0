/** What a person reads in a text/html message, as plain text: some clients send nothing else. */

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
}

const LINE_ENDS = /^<(?:br|\/p|\/div|\/li|\/tr|\/h[1-6])\b/i
/** Elements whose content nobody reads. */
const HIDDEN = /^<(script|style|head|title)\b/i
/** The longest start of a tag that the patterns above look at. */
const LOOKED_AT = 12

/** Takes time in proportion to the text, whatever is in it. The result is text, never to be treated as markup. */
export function plainTextOf(html: string): string {
  const collapsed = html.replace(/\s+/g, ' ')
  const lower = collapsed.toLowerCase()
  let text = ''
  for (let at = 0; at < collapsed.length; ) {
    const open = collapsed.indexOf('<', at)
    if (open < 0) {
      text += collapsed.slice(at)
      break
    }
    text += collapsed.slice(at, open)
    if (LINE_ENDS.test(lower.slice(open, open + LOOKED_AT))) text += '\n'
    at = endOfMarkup(lower, open)
  }
  const decoded = text.replace(
    /&(#x[0-9a-f]{1,6}|#\d{1,7}|[a-z]{2,5});/gi,
    (entity, name: string) => character(name) ?? entity,
  )
  return decoded
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}

/** Behind the comment, hidden element or tag that starts at `open`; the end where it never ends. */
function endOfMarkup(lower: string, open: number): number {
  if (lower.startsWith('<!--', open)) return behind(lower, '-->', open)
  const hidden = HIDDEN.exec(lower.slice(open, open + LOOKED_AT))?.[1]
  const from = hidden === undefined ? open : behind(lower, `</${hidden}`, open)
  return behind(lower, '>', from)
}

function behind(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from)
  return at < 0 ? text.length : at + mark.length
}

function character(name: string): string | undefined {
  if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()]
  const hex = name[1]?.toLowerCase() === 'x'
  const code = Number.parseInt(name.slice(hex ? 2 : 1), hex ? 16 : 10)
  const isText = code === 9 || code === 10 || (code >= 0x20 && code < 0xd800) || code > 0xdfff
  return isText && code <= 0x10_ffff && code !== 0xfffe && code !== 0xffff
    ? String.fromCodePoint(code)
    : ''
}
