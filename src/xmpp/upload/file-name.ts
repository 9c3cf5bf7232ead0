/** Names of files as people are to see them. They name nothing on the disk. */

/** As most file systems have it; XEP-0363 names no limit. */
const MAX_BYTES = 255
const MAX_EXTENSION_BYTES = 32

/** Marks, embeddings, overrides and isolates (UAX 9 §2); a byte order mark. */
const UNSEEN = /[\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}\u{feff}]/gu

/**
 * What might be a path becomes a name; what turns the direction of writing, so that one kind of file looks like
 * another, goes; the rest stays (XEP-0363 §4).
 */
export function safeFileName(text: string): string {
  const name = text
    .toWellFormed()
    .normalize('NFC')
    .replace(/[/\\]/g, '_')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '')
    .replace(UNSEEN, '')
    .replace(/\p{Zs}+/gu, ' ')
    // Neither hidden nor a way up; some systems drop what ends so.
    .replace(/^[. ]+|[. ]+$/g, '')
  return name === '' ? 'file' : shortened(name)
}

/** The extension stays. */
function shortened(name: string): string {
  if (Buffer.byteLength(name) <= MAX_BYTES) return name
  const dot = name.lastIndexOf('.')
  const extension = dot > 0 ? name.slice(dot) : ''
  const kept = Buffer.byteLength(extension) <= MAX_EXTENSION_BYTES ? extension : ''
  return cut(name.slice(0, name.length - kept.length), MAX_BYTES - Buffer.byteLength(kept)) + kept
}

function cut(text: string, maxBytes: number): string {
  let bytes = 0
  let kept = ''
  for (const char of text) {
    bytes += Buffer.byteLength(char)
    if (bytes > maxBytes) break
    kept += char
  }
  return kept.trimEnd()
}

/** RFC 6266 §4.1: for those that read only ASCII, and for all others (RFC 8187 §3.2). */
export function contentDisposition(type: 'inline' | 'attachment', name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["%\\]/g, '_')
  return `${type}; filename="${ascii}"; filename*=UTF-8''${percentEncoded(name)}`
}

/** RFC 3986 §2.3: all but the unreserved characters, so that it stands in a URL and in a header alike. */
export function percentEncoded(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
