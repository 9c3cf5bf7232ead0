/** What streams write, as documents of their own: with the namespaces that a stream header would have bound. */
import { NS_CLIENT, NS_STREAM } from '../namespaces.ts'

/** RFC 7395 §3.3.3: each frame is complete, with all its declarations. */
export function standalone(element: string): string {
  if (element.startsWith('<stream:')) {
    const end = endOfName(element)
    return `${element.slice(0, end)} xmlns:stream='${NS_STREAM}'${element.slice(end)}`
  }
  return withNamespace(element)
}

/** Its namespace, where it is the stream's. Serialised, a declaration comes first of all attributes. */
export function withNamespace(element: string): string {
  const end = endOfName(element)
  if (element.startsWith(' xmlns=', end) || element.startsWith('<stream:')) return element
  return `${element.slice(0, end)} xmlns='${NS_CLIENT}'${element.slice(end)}`
}

function endOfName(element: string): number {
  let end = 1
  for (; ; end += 1) {
    const char = element.charCodeAt(end)
    // A space, a slash, a greater-than sign; never beyond the end, since text that is written is well-formed.
    if (char === 0x20 || char === 0x2f || char === 0x3e || Number.isNaN(char)) return end
  }
}
