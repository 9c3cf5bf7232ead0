/** Types of content (RFC 9110 §8.3.1), and how browsers may treat each. */

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const PARAMETER = `[ \\t]*;[ \\t]*(${TOKEN})=(${TOKEN}|"(?:[^"\\\\\\x00-\\x1f\\x7f-\\uffff]|\\\\[ -~])*")`
const MEDIA_TYPE = new RegExp(`^(${TOKEN})/(${TOKEN})((?:${PARAMETER})*)[ \\t]*$`)
const MAX_CHARS = 255

export const OCTETS = 'application/octet-stream'

export interface MediaType {
  /** In lower case, without parameters. */
  readonly essence: string
  /** Always in the same words; printable ASCII. */
  readonly text: string
}

export function parseMediaType(raw: string): MediaType | undefined {
  if (raw.length > MAX_CHARS) return undefined
  const [, type, subtype, parameters = ''] = MEDIA_TYPE.exec(raw.trim()) ?? []
  if (type === undefined || subtype === undefined) return undefined
  const essence = `${type}/${subtype}`.toLowerCase()
  const words = [...parameters.matchAll(new RegExp(PARAMETER, 'g'))].map(
    ([, name = '', value = '']) => `${name.toLowerCase()}=${plain(value)}`,
  )
  return { essence, text: [essence, ...words].join('; ') }
}

/** A quoted value that needs no quotes is the same without (RFC 9110 §5.6.6). */
function plain(value: string): string {
  const [, inside] = new RegExp(`^"(${TOKEN})"$`).exec(value) ?? []
  return inside ?? value
}

/** `patterns` are types, and families such as `image/*`. */
export function isOneOf(essence: string, patterns: readonly string[]): boolean {
  const family = `${essence.slice(0, essence.indexOf('/'))}/*`
  return patterns.some((pattern) => pattern === essence || pattern === family)
}

/** What a browser shows without running anything that is in it. SVG, HTML, XML and PDF are not among them. */
const INLINE: ReadonlySet<string> = new Set([
  'text/plain',
  ...['png', 'jpeg', 'gif', 'webp', 'avif', 'apng', 'bmp', 'heic', 'heif', 'jxl'].map(
    (name) => `image/${name}`,
  ),
  ...['mpeg', 'mp4', 'aac', 'ogg', 'opus', 'webm', 'wav', 'x-wav', 'flac', 'x-m4a', 'amr'].map(
    (name) => `audio/${name}`,
  ),
  ...['mp4', 'mpeg', 'webm', 'ogg', 'quicktime', '3gpp', 'x-matroska'].map(
    (name) => `video/${name}`,
  ),
])

/** What another page may run or style itself with, however it is served; and several documents in one. */
const LOADED =
  /^(?:text|application)\/(?:x-)?(?:java|ecma|live|j)script|^text\/css$|^application\/wasm$|^(?:multipart|message)\//

export function dispositionOf(essence: string): 'inline' | 'attachment' {
  return INLINE.has(essence) ? 'inline' : 'attachment'
}

/** The type to serve it with. */
export function servedType(contentType: string): string {
  const essence = essenceOf(contentType)
  if (LOADED.test(essence)) return OCTETS
  return contentType === 'text/plain' ? 'text/plain; charset=utf-8' : contentType
}

export function essenceOf(contentType: string): string {
  const [essence = ''] = contentType.split(';')
  return essence.trim().toLowerCase()
}
