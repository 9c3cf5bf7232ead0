/** How every format reads the XML that it is given. */
import { parseDocument } from '../xml/document.ts'
import type { Element } from '../xml/element.ts'
import { type XmlLimits, XmlSyntaxError } from '../xml/syntax.ts'

/** What is wrong with a document as XML, whatever it says. */
export type DocumentFault = 'too-large' | 'not-well-formed'

/** Throws what `refuse` makes of a document that is not XML, or that is beyond the limits. */
export function readDocument(
  bytes: Uint8Array | string,
  limits: XmlLimits,
  refuse: (fault: DocumentFault, message: string) => Error,
): Element {
  try {
    return parseDocument(bytes, limits)
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    const fault = error.condition === 'policy-violation' ? 'too-large' : 'not-well-formed'
    throw refuse(fault, error.message)
  }
}
