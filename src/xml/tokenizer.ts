/**
 * The parser of XML streams (RFC 6120 §4, §11): bytes in as they come, whole stanzas out.
 *
 * XML 1.0 and Namespaces in XML 1.0, without what RFC 6120 §11.1 forbids: declarations, processing
 * instructions, comments, entities other than the predefined ones. Made for this one job: the text
 * of a chunk is scanned once, strings are cut out of it, and nothing is kept between stanzas but
 * the open root.
 */
import { Element, newAttributes } from './element.ts'
import type { Scope } from './namespaces.ts'
import { PartialToken } from './partial-token.ts'
import {
  expandReferences,
  hasIllegalCharacter,
  type XmlCondition,
  type XmlLimits,
  XmlSyntaxError,
} from './syntax.ts'
import { isSpace, readStartTag, type Source, type StartTag } from './tag.ts'
import { MAY_HAVE, MAY_HAVE_ANYTHING, Utf8Decoder } from './utf8.ts'

export { type XmlLimits, XmlSyntaxError } from './syntax.ts'

export interface XmlHandler {
  /** The root’s opening tag; its element has no children yet, and never gets any in a stream. */
  onOpen(root: Element): void
  /** A complete child of the root. */
  onElement(element: Element): void
  /** The root’s closing tag. */
  onClose(): void
  /** Every start tag, with the namespaces in scope inside it: for documents in which text has prefixes. */
  onTag?(element: Element, scope: Scope): void
}

const LESS = 0x3c
const SLASH = 0x2f
const BANG = 0x21
const QUESTION = 0x3f
const GREATER = 0x3e
const XML_DECLARATION =
  /^<\?xml\s+version\s*=\s*(?:'1\.\d+'|"1\.\d+")(?:\s+encoding\s*=\s*(?:'([^']*)'|"([^"]*)"))?(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|"(?:yes|no)"))?\s*\?>$/

export class XmlStreamParser {
  readonly #handler: XmlHandler
  #limits: XmlLimits
  readonly #decoder = new Utf8Decoder()
  /** The innermost that is open. */
  #open: StartTag | undefined
  /** Decoded and not yet parsed, from `#at` on. */
  #source: Source = NO_TEXT
  #text = ''
  #at = 0
  #partial: PartialToken | undefined
  /** Character data of the innermost open element, as written. */
  #rawText = ''
  #rawKinds = 0
  /** Length of the open stanza before `#text`, and where in `#text` it began or went on. */
  #size = 0
  #from = 0
  #started = false
  #ended = false
  #dead = false
  #paused = false
  /** What has come while paused, in pieces: joined once, however many writes there were. */
  #waiting: string[] | undefined
  #waitingLength = 0

  constructor(handler: XmlHandler, limits: XmlLimits) {
    this.#handler = handler
    this.#limits = limits
  }

  /** Parses what has come. Throws `XmlSyntaxError` once; what comes after that is ignored. */
  write(chunk: Uint8Array): void {
    if (this.#dead) return
    this.#guard(() => {
      const text = this.#decoder.decode(chunk)
      if (!this.#paused) this.#take(text, this.#decoder.kinds)
      else if (text !== '') {
        this.#waiting ??= []
        this.#waiting.push(text)
        this.#waitingLength += text.length
      }
    })
  }

  /** A new stream on the same connection (RFC 6120 §4.3.3); bytes that came after the restart are kept. */
  reset(): void {
    this.#open = undefined
    this.#rawText = ''
    this.#started = false
    this.#ended = false
    this.#size = 0
    this.#from = this.#at
    if (this.buffered === 0) this.#decoder.restart()
  }

  /** Hold from the next stanza on. */
  setLimits(limits: XmlLimits): void {
    this.#limits = limits
  }

  get #depth(): number {
    return this.#open?.depth ?? 0
  }

  /** Stops after the element at hand; what comes meanwhile is kept, and its bound is the caller’s to see to. */
  pause(): void {
    this.#paused = true
  }

  /** Goes on with what was kept. Throws as `write` does. */
  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    if (this.#dead) return
    this.#guard(() => {
      if (this.#at < this.#text.length) this.#run()
      while (!this.#paused && this.#waiting) {
        const text = this.#waiting.join('')
        this.#waiting = undefined
        this.#waitingLength = 0
        this.#take(text, MAY_HAVE_ANYTHING)
      }
    })
  }

  get isPaused(): boolean {
    return this.#paused
  }

  /** Characters that wait to be parsed. */
  get buffered(): number {
    return this.#text.length - this.#at + (this.#partial?.length ?? 0) + this.#waitingLength
  }

  /** Nothing is half read: every tag is closed and the root is too. */
  get isComplete(): boolean {
    return this.#ended && !this.#partial && this.#decoder.isBetweenCharacters
  }

  /** The root is open, and nothing in it. */
  get isBetweenStanzas(): boolean {
    return this.#depth === 1 && this.buffered === 0 && this.#decoder.isBetweenCharacters
  }

  #guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof XmlSyntaxError) this.#dead = true
      throw error
    }
  }

  #take(text: string, kinds: number): void {
    if (!this.#partial) {
      this.#read({ text, kinds })
      return
    }
    if (!this.#partial.feed(text)) {
      this.#limit(this.#size + this.#partial.length)
      return
    }
    const joined = this.#partial.join()
    this.#partial = undefined
    this.#read({ text: joined, kinds: MAY_HAVE_ANYTHING })
  }

  #read(source: Source): void {
    this.#source = source
    this.#text = source.text
    this.#at = 0
    this.#from = 0
    this.#run()
  }

  #run(): void {
    while (!this.#paused && this.#at < this.#text.length) {
      const began = this.#at
      if (this.#text.charCodeAt(began) !== LESS) this.#characters()
      else if (!this.#markup()) {
        this.#size += began - this.#from
        this.#partial = new PartialToken()
        this.#partial.feed(this.#text.slice(began))
        this.#limit(this.#size + this.#partial.length)
        this.#forget()
        return
      }
    }
    if (this.#at < this.#text.length) return
    if (this.#depth > 1) {
      this.#size += this.#text.length - this.#from
      this.#limit(this.#size)
    }
    this.#forget()
  }

  #forget(): void {
    this.#source = NO_TEXT
    this.#text = ''
    this.#at = 0
    this.#from = 0
  }

  #limit(size: number): void {
    // In UTF-16 units: never more than the bytes, and what the memory is spent on.
    if (size > this.#limits.maxStanzaBytes) throw policy('a stanza is too large')
  }

  #characters(): void {
    const next = this.#text.indexOf('<', this.#at)
    const end = next < 0 ? this.#text.length : next
    if (this.#depth > 1) {
      this.#rawText += this.#text.slice(this.#at, end)
      this.#rawKinds |= this.#source.kinds
    } else this.#whiteSpace(end)
    this.#at = end
  }

  /** Outside stanzas only white space may stand (RFC 6120 §4.6.1: it keeps connections alive). */
  #whiteSpace(end: number): void {
    for (let at = this.#at; at < end; at++) {
      if (!isSpace(this.#text.charCodeAt(at))) throw malformed('text stands outside of stanzas')
    }
    // XML 1.0 §2.8: a declaration stands at the very start or nowhere.
    if (!this.#open && end > this.#at) this.#started = true
  }

  /** False where the text ends within the markup. */
  #markup(): boolean {
    switch (this.#text.charCodeAt(this.#at + 1)) {
      case SLASH:
        return this.#endTag()
      case BANG:
        return this.#declaration()
      case QUESTION:
        return this.#instruction()
      default:
        return this.#startTag()
    }
  }

  #startTag(): boolean {
    if (this.#ended) throw malformed('something follows the root')
    const outer = this.#open
    const tag = readStartTag(this.#source, this.#at, outer, this.#limits)
    if (!tag) return false
    const { element, empty, end, depth, scope } = tag
    if (depth > this.#limits.maxDepth) throw policy('elements are too deep')
    if (depth === 2) {
      this.#size = 0
      this.#from = this.#at
    } else if (depth > 2 && outer) {
      this.#flushText(outer.element)
      outer.element.children.push(element)
    }
    this.#handler.onTag?.(element, scope)
    this.#at = end
    this.#started = true
    this.#open = tag
    if (depth === 1) {
      // It is open as long as the stream is, and nobody asks for it again.
      this.#open = { ...tag, element: NO_ELEMENT }
      this.#limit(end - this.#from + this.#size)
      this.#handler.onOpen(element)
    }
    if (empty) this.#close()
    return true
  }

  #endTag(): boolean {
    const text = this.#text
    const end = text.indexOf('>', this.#at)
    if (end < 0) return false
    const open = this.#open
    if (!open) throw malformed('nothing is open')
    const nameAt = this.#at + 2
    let nameEnd = nameAt + open.rawName.length
    if (!text.startsWith(open.rawName, nameAt)) throw malformed(ANOTHER_NAME)
    while (isSpace(text.charCodeAt(nameEnd))) nameEnd += 1
    if (text.charCodeAt(nameEnd) !== GREATER) throw malformed(ANOTHER_NAME)
    this.#at = end + 1
    this.#close()
    return true
  }

  #close(): void {
    const open = this.#open
    if (!open) return
    const { outer, element } = open
    if (outer) this.#flushText(element)
    this.#open = outer
    if (!outer) {
      this.#ended = true
      this.#handler.onClose()
    } else if (outer.depth === 1) {
      this.#limit(this.#size + this.#at - this.#from)
      this.#size = 0
      this.#from = this.#at
      this.#handler.onElement(element)
    }
  }

  #flushText({ children }: Element): void {
    const raw = this.#rawText
    if (raw === '') return
    const kinds = this.#rawKinds
    this.#rawText = ''
    this.#rawKinds = 0
    appendText(children, kinds === 0 ? raw : characterData(raw, kinds))
  }

  #declaration(): boolean {
    // What is too short to be told is told by the partial token, which refuses all else.
    if (!this.#text.startsWith('<![CDATA[', this.#at)) return false
    const end = this.#text.indexOf(']]>', this.#at)
    if (end < 0) return false
    const open = this.#open
    if (!open?.outer) throw malformed('character data stands outside of stanzas')
    this.#flushText(open.element)
    const raw = this.#text.slice(this.#at + 9, end)
    if (hasIllegalCharacter(raw)) throw malformed('a character is not legal')
    appendText(open.element.children, raw.replace(/\r\n?/g, '\n'))
    this.#at = end + 3
    return true
  }

  #instruction(): boolean {
    const end = this.#text.indexOf('?>', this.#at)
    if (end < 0) return false
    checkInstruction(this.#text.slice(this.#at, end + 2), this.#started)
    this.#started = true
    this.#at = end + 2
    return true
  }
}

function characterData(raw: string, kinds: number): string {
  let text = raw
  if (kinds & (MAY_HAVE.controls | MAY_HAVE.noncharacters)) {
    if (hasIllegalCharacter(raw)) throw malformed('a character is not legal')
    text = raw.replace(/\r\n?/g, '\n')
  }
  if (kinds & MAY_HAVE.brackets && raw.includes(']]>')) {
    throw malformed(']]> stands in character data')
  }
  return text.includes('&') ? expandReferences(text) : text
}

/** Text and character data that meet are one piece of text. */
function appendText(children: (Element | string)[], text: string): void {
  const last = children.at(-1)
  if (typeof last === 'string') children[children.length - 1] = last + text
  else if (text !== '') children.push(text)
}

/** Only the XML declaration, only at the start, only of UTF-8 (RFC 6120 §11.5, §11.6). */
function checkInstruction(text: string, started: boolean): void {
  if (!/^<\?xml[\s?]/.test(text)) throw restricted('processing instructions are not allowed')
  if (started) throw malformed('an XML declaration stands in the middle')
  const match = XML_DECLARATION.exec(text)
  if (!match) throw malformed('the XML declaration is not one')
  const encoding = match[1] ?? match[2]
  if (encoding !== undefined && encoding.toUpperCase() !== 'UTF-8') {
    throw new XmlSyntaxError('unsupported-encoding', `the encoding ${encoding} is not UTF-8`)
  }
}

const NO_ELEMENT = new Element('', '', newAttributes(), [])
const NO_TEXT: Source = { text: '', kinds: 0 }
const ANOTHER_NAME = 'an element is closed by another name'

function refuse(condition: XmlCondition): (message: string) => XmlSyntaxError {
  return (message) => new XmlSyntaxError(condition, message)
}
const malformed = refuse('not-well-formed')
const restricted = refuse('restricted-xml')
const policy = refuse('policy-violation')
