/** How XCAP refuses: a status, and for conflicts a report that a client can read (RFC 4825 §11). */
import { type Element, xml } from '../xml/element.ts'

export const XCAP_ERROR = 'application/xcap-error+xml'
const NS_XCAP_ERROR = 'urn:ietf:params:xml:ns:xcap-error'

export class XcapRefusal extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>

  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string | string[]>> = {},
  ) {
    super(message)
    this.name = 'XcapRefusal'
    this.status = status
    this.headers = headers
  }
}

/** Conditions of §11.2 that say nothing but what they are, and a sentence for people. */
export type PlainCondition =
  | 'not-well-formed'
  | 'not-xml-frag'
  | 'schema-validation-error'
  | 'not-xml-att-value'
  | 'cannot-insert'
  | 'cannot-delete'
  | 'constraint-failure'
  | 'not-utf-8'

/** One value that is taken: where it stands, and others that are not. */
export interface NotUnique {
  /** A relative path of an element or attribute in the document. */
  readonly field: string
  readonly alternatives: readonly string[]
}

/** The document cannot be as the request wants it: 409. */
export class Conflict extends Error {
  readonly condition: Element

  constructor(condition: Element, message: string) {
    super(message)
    this.name = 'Conflict'
    this.condition = condition
  }

  get report(): string {
    const error = xml('xcap-error', { xmlns: NS_XCAP_ERROR }, this.condition)
    return `<?xml version="1.0" encoding="UTF-8"?>\n${error}`
  }
}

export function conflict(condition: PlainCondition, phrase: string): Conflict {
  return new Conflict(xml(condition, { phrase }), phrase)
}

/** `ancestor` is the nearest to what was asked for that is there. */
export function noParent(ancestor: string, phrase: string): Conflict {
  return new Conflict(xml('no-parent', { phrase }, xml('ancestor', {}, ancestor)), phrase)
}

export function notUnique(fields: readonly NotUnique[], phrase: string): Conflict {
  const exists = fields.map(({ field, alternatives }) =>
    xml('exists', { field }, ...alternatives.map((value) => xml('alt-value', {}, value))),
  )
  return new Conflict(xml('uniqueness-failure', { phrase }, ...exists), phrase)
}
