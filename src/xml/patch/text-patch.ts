/**
 * The operations of RFC 5261 that make one document of another as they are written, white space and
 * comments included. Elements are told by their positions, so that no prefix is needed to find one.
 */
import type { Bindings, SourceElement } from '../source-tree.ts'
import { readSource } from '../source-tree.ts'

/** How operations are written. */
export interface TextPatchWriter {
  /** Of the namespace of the operations, with its colon. */
  readonly prefix: string
  /** Declarations for content that is taken from where these hold, with a space before each. */
  declarations(bindings: Bindings): string
}

/** Each brings the declarations of where it stands, which may be long: beyond these no patch is better. */
const MAX_OPERATIONS = 1_000

/** `undefined` where it takes too many operations, or what stands outside of the roots has changed, which no operation changes. */
export function makeTextPatch(
  writer: TextPatchWriter,
  from: string,
  to: string,
): string | undefined {
  const [old, now] = [readSource(from), readSource(to)]
  if (from.slice(0, old.start) !== to.slice(0, now.start)) return undefined
  if (from.slice(old.end) !== to.slice(now.end)) return undefined
  const budget = { left: MAX_OPERATIONS }
  const patch = patchElement({ writer, from, to, path: '*', budget }, old, now)
  return budget.left < 0 ? undefined : patch
}

/** As many children an element may have whose changes are told one by one: each counts those before it. */
const MAX_PIECES = 1_000

interface At {
  readonly writer: TextPatchWriter
  readonly from: string
  readonly to: string
  /** Of the element at hand. */
  readonly path: string
  /** Elements that may still be found to differ. */
  readonly budget: { left: number }
}

/** Part of the content of an element: an element, or whatever stands between two. */
interface Piece {
  readonly text: string
  /** `undefined` for what is none. */
  readonly element: SourceElement | undefined
}

function patchElement(at: At, old: SourceElement, now: SourceElement): string {
  const { from, to } = at
  if (from.slice(old.start, old.end) === to.slice(now.start, now.end)) return ''
  at.budget.left -= 1
  if (at.budget.left < 0) return ''
  const isTagSame = from.slice(old.start, old.openEnd) === to.slice(now.start, now.openEnd)
  const isEndSame = from.slice(old.closeStart, old.end) === to.slice(now.closeStart, now.end)
  const content = isTagSame && isEndSame ? patchContent(at, old, now) : undefined
  return content ?? replaced(at, now)
}

function replaced(
  { writer, to, path }: At,
  { start, end, parent, bindings }: SourceElement,
): string {
  const content = to.slice(start, end)
  return operation(writer, `replace sel="${path}"`, {
    content,
    bindings: parent?.bindings ?? bindings,
  })
}

/** `undefined` where no operation on the content does it. */
function patchContent(at: At, old: SourceElement, now: SourceElement): string | undefined {
  const [before, after] = [piecesOf(at.from, old), piecesOf(at.to, now)]
  if (Math.max(before.length, after.length) > MAX_PIECES) return undefined
  const head = commonLength(before, after)
  const tail = commonLength(before.slice(head).reverse(), after.slice(head).reverse())
  const gone = before.slice(head, before.length - tail)
  const come = after.slice(head, after.length - tail)
  const change: Change = { head, before, bindings: now.bindings }
  if (gone.length === 0) return added(at, come, change)
  if (come.length === 0) return removed(at, gone, change)
  if (gone.length !== come.length) return undefined
  return eachPatched(at, gone, { ...change, come })
}

interface Change {
  /** How many pieces stand before the first that is another one. */
  readonly head: number
  readonly before: readonly Piece[]
  readonly bindings: Bindings
}

function commonLength(a: readonly Piece[], b: readonly Piece[]): number {
  const at = a.findIndex((piece, index) => piece.text !== b[index]?.text)
  return at < 0 ? Math.min(a.length, b.length) : at
}

/** §4.3: beside an element, or at either end. */
function added(
  { writer, path }: At,
  come: readonly Piece[],
  { head, before, bindings }: Change,
): string | undefined {
  const content = come.map(({ text }) => text).join('')
  const put = (where: string) => operation(writer, `add ${where}`, { content, bindings })
  if (head === before.length) return put(`sel="${path}"`)
  if (head === 0) return put(`sel="${path}" pos="prepend"`)
  if (before[head - 1]?.element) return put(`sel="${stepTo(path, before, head - 1)}" pos="after"`)
  if (before[head]?.element) return put(`sel="${stepTo(path, before, head)}" pos="before"`)
  return undefined
}

/** §4.5: from the last to the first, so that positions stay true. */
function removed(
  { writer, path }: At,
  gone: readonly Piece[],
  { head, before }: Change,
): string | undefined {
  if (gone.some(({ element }) => !element)) return undefined
  return gone
    .map((_, index) => `<${writer.prefix}remove sel="${stepTo(path, before, head + index)}"/>`)
    .reverse()
    .join('')
}

/** §4.4: elements in place of elements; a text that is no longer the same is left to the whole. */
function eachPatched(
  at: At,
  gone: readonly Piece[],
  { come, head, before }: Change & { readonly come: readonly Piece[] },
): string | undefined {
  let out = ''
  for (const [index, { element, text }] of gone.entries()) {
    const other = come[index]
    if (other?.text === text) continue
    if (!element || !other?.element) return undefined
    const path = stepTo(at.path, before, head + index)
    out += patchElement({ ...at, path }, element, other.element)
  }
  return out
}

/** The piece at `index` as a child of what `path` finds. */
function stepTo(path: string, pieces: readonly Piece[], index: number): string {
  const position = pieces.slice(0, index + 1).filter(({ element }) => element).length
  return `${path}/*[${position}]`
}

function piecesOf(text: string, { children, openEnd, closeStart }: SourceElement): Piece[] {
  const pieces: Piece[] = []
  let at = openEnd
  const addText = (end: number) => {
    if (end > at) pieces.push({ text: text.slice(at, end), element: undefined })
  }
  for (const element of children) {
    addText(element.start)
    pieces.push({ text: text.slice(element.start, element.end), element })
    at = element.end
  }
  addText(closeStart)
  return pieces
}

function operation(
  { prefix, declarations }: TextPatchWriter,
  start: string,
  { content, bindings }: { content: string; bindings: Bindings },
): string {
  const [name = ''] = start.split(' ', 1)
  return `<${prefix}${start}${declarations(bindings)}>${content}</${prefix}${name}>`
}
