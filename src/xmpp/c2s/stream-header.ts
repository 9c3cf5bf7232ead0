/** The stream header, theirs and ours (RFC 6120 §4.7). */
import { type Element, escapeAttr } from '../../xml/element.ts'
import { StreamError } from '../errors.ts'
import { NS_CLIENT, NS_STREAM } from '../namespaces.ts'

/** Throws `StreamError` for what begins no stream that we speak. */
export function checkHeader(root: Element): void {
  if (root.ns !== NS_STREAM) throw new StreamError('invalid-namespace')
  if (root.name !== 'stream') throw new StreamError('bad-format')
  checkVersion(root)
}

export function checkVersion(header: Element): void {
  const major = /^(\d+)\.\d+$/.exec(header.attr('version') ?? '')?.[1]
  // §4.7.5: no version means 0.9, which has no features and no SASL.
  if (Number(major ?? 0) < 1) throw new StreamError('unsupported-version')
}

/** `domain` as far as it is known who speaks; `to` is what the client called itself. */
export function ownHeader(domain: string | undefined, to: string | undefined): string {
  const from = domain === undefined ? '' : ` from='${escapeAttr(domain)}'`
  const peer = to === undefined ? '' : ` to='${escapeAttr(to)}'`
  // §4.7.3: hard to guess, and never the same.
  const id = crypto.randomUUID()
  return `<?xml version='1.0'?><stream:stream xmlns='${NS_CLIENT}' xmlns:stream='${NS_STREAM}' id='${id}'${from}${peer} version='1.0' xml:lang='en'>`
}
