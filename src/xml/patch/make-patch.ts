/**
 * The operations of RFC 5261 that make one document of another, as text: what §6 asks for, the
 * nodes that have changed and no more. Elements are told apart by name and `id`, else by position.
 */
import { type Element, escapeAttr, escapeText } from '../element.ts'
import type { Prefixes } from '../prefixes.ts'

/** With what operations are written. */
export interface PatchWriter {
  readonly prefixes: Prefixes
  /** The namespace of the operations. */
  readonly ns: string
}

/**
 * What changes the content of `from` into that of `to`; attributes of the roots are not looked at.
 * Empty where nothing does, `undefined` where no patch is better than the new document itself: it
 * has another root, other text, or another order.
 */
export function makePatch(writer: PatchWriter, from: Element, to: Element): string | undefined {
  if (!to.is(from.name, from.ns) || hasText(from) || hasText(to)) return undefined
  return patchChildren({ writer, path: '*' }, from, to)
}

/** Each operation counts the siblings before its element: of more than these, another document is cheaper. */
const MAX_CHILDREN = 1_000

interface At {
  readonly writer: PatchWriter
  /** Of the element at hand. */
  readonly path: string
}

/** What is gone first, then what has changed, then what is new: at each step `now` is what is there. */
function patchChildren(at: At, from: Element, to: Element): string | undefined {
  if (Math.max(from.children.length, to.children.length) > MAX_CHILDREN) return undefined
  const before = keyed(from)
  const after = keyed(to)
  if (!inSameOrder(before, after)) return undefined
  const now = [...before.values()]
  const out: string[] = []
  for (const [key, element] of [...before].reverse()) {
    if (after.has(key)) continue
    out.push(operation(at, 'remove', stepTo(at, element, now)))
    now.splice(now.indexOf(element), 1)
  }
  for (const [key, element] of after) {
    const old = before.get(key)
    if (!old) continue
    out.push(patchElement({ ...at, path: stepTo(at, old, now) }, old, element))
    now[now.indexOf(old)] = element
  }
  out.push(addNew(at, [...after.values()], now))
  return out.join('')
}

/** Whichever is shorter: what has changed in the element, or all of it. */
function patchElement(at: At, from: Element, to: Element): string {
  if (sameElement(from, to)) return ''
  const whole = operation(at, 'replace', at.path, at.writer.prefixes.write(to))
  const content = patchContent(at, from, to)
  if (content === undefined) return whole
  const parts = patchAttributes(at, from, to) + content
  return parts.length < whole.length ? parts : whole
}

function patchAttributes(at: At, { attrs: old }: Element, { attrs }: Element): string {
  const { prefixes } = at.writer
  let out = ''
  for (const key in old) {
    if (attrs[key] !== undefined) continue
    out += operation(at, 'remove', `${at.path}/@${prefixes.attribute(key)}`)
  }
  for (const key in attrs) {
    const [value = '', name] = [attrs[key], prefixes.attribute(key)]
    if (old[key] === value) continue
    out +=
      old[key] === undefined
        ? operation(at, 'add', `${at.path}" type="@${name}`, escapeText(value))
        : operation(at, 'replace', `${at.path}/@${name}`, escapeText(value))
  }
  return out
}

function patchContent(at: At, from: Element, to: Element): string | undefined {
  if (!hasText(from) && !hasText(to)) return patchChildren(at, from, to)
  const [old, text] = [onlyText(from), onlyText(to)]
  if (old === undefined || text === undefined) return undefined
  if (old === text) return ''
  if (old === '') return operation(at, 'add', at.path, escapeText(text))
  const path = `${at.path}/text()`
  return text === ''
    ? operation(at, 'remove', path)
    : operation(at, 'replace', path, escapeText(text))
}

/** `now` is without those that are new; they go in from the first to the last, neighbours together. */
function addNew(at: At, after: readonly Element[], now: Element[]): string {
  let out = ''
  for (let index = 0; index < after.length; index++) {
    const run: Element[] = []
    for (let next = after[index]; next && now[index] !== next; next = after[index + run.length]) {
      if (now.includes(next)) break
      run.push(next)
    }
    if (run.length === 0) continue
    out += operation(
      at,
      'add',
      placeFor(at, index, now),
      run.map((one) => at.writer.prefixes.write(one)).join(''),
    )
    now.splice(index, 0, ...run)
  }
  return out
}

/** The selector, and where the new nodes go beside what it finds (§4.3). */
function placeFor(at: At, index: number, now: readonly Element[]): string {
  if (index === now.length) return at.path
  const left = now[index - 1]
  return left ? `${stepTo(at, left, now)}" pos="after` : `${at.path}" pos="prepend`
}

function operation(
  { writer: { prefixes, ns } }: At,
  name: 'add' | 'replace' | 'remove',
  selector: string,
  content?: string,
): string {
  const tag = prefixes.name(ns, name)
  const start = `<${tag} sel="${selector}"`
  return content === undefined ? `${start}/>` : `${start}>${content}</${tag}>`
}

/** From the element at hand to one of its children, of which `now` are there. */
function stepTo({ writer, path }: At, child: Element, now: readonly Element[]): string {
  const name = `${path}/${writer.prefixes.name(child.ns, child.name)}`
  const same = now.filter((one) => one.is(child.name, child.ns))
  if (same.length === 1) return name
  const id = child.attr('id')
  const isUnique = id !== undefined && same.filter((one) => one.attr('id') === id).length === 1
  // A value with both kinds of quote cannot be written (XPath 1.0 §3.7).
  if (!isUnique || id.includes("'")) return `${name}[${same.indexOf(child) + 1}]`
  return `${name}[@id='${escapeAttr(id)}']`
}

function keyed({ children }: Element): Map<string, Element> {
  const byKey = new Map<string, Element>()
  const counts = new Map<string, number>()
  for (const child of children) {
    if (typeof child === 'string') continue
    const base = `{${child.ns}}${child.name} ${child.attr('id') ?? ''}`
    let count = counts.get(base) ?? 1
    let key = count === 1 ? base : `${base} ${count}`
    for (; byKey.has(key); count++) key = `${base} ${count + 1}`
    counts.set(base, count + 1)
    byKey.set(key, child)
  }
  return byKey
}

function inSameOrder(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  const common = [...b.keys()].filter((key) => a.has(key))
  return [...a.keys()].filter((key) => b.has(key)).every((key, at) => key === common[at])
}

function hasText({ children }: Element): boolean {
  return children.some((child) => typeof child === 'string')
}

function onlyText({ children }: Element): string | undefined {
  const [only = ''] = children
  return children.length <= 1 && typeof only === 'string' ? only : undefined
}

export function sameElement(a: Element, b: Element): boolean {
  if (a === b) return true
  if (!a.is(b.name, b.ns) || a.children.length !== b.children.length) return false
  const keys = Object.keys(a.attrs)
  if (keys.length !== Object.keys(b.attrs).length) return false
  if (!keys.every((key) => a.attrs[key] === b.attrs[key])) return false
  return a.children.every((child, at) => {
    const other = b.children[at]
    if (typeof child === 'string' || typeof other === 'string') return child === other
    return other !== undefined && sameElement(child, other)
  })
}
