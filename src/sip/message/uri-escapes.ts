/** `%HH` in URIs (RFC 3261 §19.1.2). */

/** What each part may have unescaped (§25.1); all else is escaped. */
const ALLOWED = {
  user: /^[\w.!~*'()&=+$,;?/-]*$/,
  password: /^[\w.!~*'()&=+$,-]*$/,
  param: /^[\w.!~*'()[\]/:&+$-]*$/,
  header: /^[\w.!~*'()[\]/?:+$-]*$/,
} as const

/** Bytes that are not UTF-8 become lone surrogates, so that they survive the way back. */
const STRAY = 0xdc00

export function unescapeUri(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text.replace(/(?:%[\dA-Fa-f]{2})+/g, decodeRun)
  }
}

export function escapeUri(text: string, part: keyof typeof ALLOWED): string {
  const allowed = ALLOWED[part]
  if (allowed.test(text)) return text
  let escaped = ''
  for (const char of text) escaped += allowed.test(char) ? char : escapeChar(char)
  return escaped
}

function escapeChar(char: string): string {
  const code = char.charCodeAt(0)
  if (char.length === 1 && code >= STRAY + 0x80 && code <= STRAY + 0xff) return hex(code - STRAY)
  return [...Buffer.from(char)].map(hex).join('')
}

function hex(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

function decodeRun(run: string): string {
  try {
    return decodeURIComponent(run)
  } catch {
    return run.replace(/%(..)/g, (_, digits: string) => {
      const byte = Number.parseInt(digits, 16)
      return String.fromCharCode(byte < 0x80 ? byte : STRAY + byte)
    })
  }
}
