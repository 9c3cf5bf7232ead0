/** The lexical rules of XML 1.0 (fifth edition) that the parser checks, and its one error. */

/** RFC 6120 §4.9.3. */
export type XmlCondition =
  | 'not-well-formed'
  | 'restricted-xml'
  | 'policy-violation'
  | 'unsupported-encoding'
  | 'bad-namespace-prefix'

/** The document cannot be read on. `condition` is the stream error that says so. */
export class XmlSyntaxError extends Error {
  readonly condition: XmlCondition

  constructor(condition: XmlCondition, message: string) {
    super(message)
    this.name = 'XmlSyntaxError'
    this.condition = condition
  }
}

export interface XmlLimits {
  /** Of one child of the root, or of the whole document. */
  readonly maxStanzaBytes: number
  /** Elements within elements, the root counting as one. */
  readonly maxDepth: number
  readonly maxAttributes: number
  /** Characters of a name. */
  readonly maxNameLength?: number
}

/** §2.3: NameStartChar and NameChar without the colon, for local names and prefixes (Namespaces §3). */
const NAME_START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}-\\u{200D}\\u{2070}-\\u{218F}\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}\\u{10000}-\\u{EFFFF}'
const NC_NAME = new RegExp(
  `^[${NAME_START}][${NAME_START}\\-.0-9\\u{B7}\\u{300}-\\u{36F}\\u{203F}-\\u{2040}]*$`,
  'u',
)

export function isNcName(name: string): boolean {
  return NC_NAME.test(name)
}

/** §2.2 Char, for strings without lone surrogates: those do not come out of valid UTF-8. */
const ILLEGAL_CHARACTER = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/

export function hasIllegalCharacter(text: string): boolean {
  return ILLEGAL_CHARACTER.test(text)
}

const PREDEFINED = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['apos', "'"],
  ['quot', '"'],
])

/** Replaces references (§4.1). Throws `XmlSyntaxError`: `restricted-xml` for an entity of a DTD. */
export function expandReferences(text: string): string {
  let out = ''
  let done = 0
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', done)) {
    const end = text.indexOf(';', at)
    if (end < 0 || end - at > 12) {
      throw new XmlSyntaxError('not-well-formed', 'a reference does not end')
    }
    out += text.slice(done, at) + referenced(text.slice(at + 1, end))
    done = end + 1
  }
  return out + text.slice(done)
}

function referenced(name: string): string {
  const predefined = PREDEFINED.get(name)
  if (predefined !== undefined) return predefined
  if (name.charCodeAt(0) === 0x23) return characterReference(name)
  if (isNcName(name)) {
    // RFC 6120 §11.1 allows only the predefined ones.
    throw new XmlSyntaxError('restricted-xml', `the entity ${name} is not predefined`)
  }
  throw new XmlSyntaxError('not-well-formed', 'an ampersand is not escaped')
}

function characterReference(name: string): string {
  const match = /^#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,8}))$/.exec(name)
  const [, hex, decimal] = match ?? []
  const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16)
  const legal =
    code === 9 ||
    code === 10 ||
    code === 13 ||
    (code >= 0x20 && code <= 0xd7ff) ||
    (code >= 0xe000 && code <= 0xfffd) ||
    (code >= 0x10000 && code <= 0x10ffff)
  if (!legal) throw new XmlSyntaxError('not-well-formed', 'a reference is not to a character')
  return String.fromCodePoint(code)
}
