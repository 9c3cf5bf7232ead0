/**
 * Test messages as RFC 4475 writes them (§2): `<allOneLine>` joins lines, `<hex>` are bytes, `<repeat>` repeats;
 * every line of a file ends with CRLF in the message.
 */
import { readdirSync, readFileSync } from 'node:fs'

type Rfc = 'rfc4475' | 'rfc5118'

export function tortureNames(rfc: Rfc = 'rfc4475'): string[] {
  return readdirSync(directoryOf(rfc)).map((file) => file.replace(/\.sip$/, ''))
}

export function tortureMessage(name: string, rfc: Rfc = 'rfc4475'): Buffer {
  return expand(readFileSync(new URL(`${name}.sip`, directoryOf(rfc)), 'latin1'))
}

function directoryOf(rfc: Rfc): URL {
  return new URL(`${rfc}/`, import.meta.url)
}

/** `text` has one character a byte. */
function expand(text: string): Buffer {
  const expanded = text
    .replace(/<allOneLine>\n([\s\S]*?)<\/allOneLine>/g, (_, lines: string) =>
      lines.replaceAll('\n', ''),
    )
    .replaceAll('\n', '\r\n')
    .replace(/<repeat count=(\d+)>([^<]*)<\/repeat>/g, (_, count: string, part: string) =>
      part.repeat(Number(count)),
    )
    .replace(/<hex>([\dA-F\s]*)<\/hex>/g, (_, digits: string) =>
      Buffer.from(digits.replace(/\s/g, ''), 'hex').toString('latin1'),
    )
  return Buffer.from(expanded, 'latin1')
}
