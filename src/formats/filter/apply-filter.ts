/**
 * Applies filters to documents (RFC 4660 §5.3): what is left of one, and whether the change from the
 * one before is worth telling. What a schema demands stays, whatever the filter says (§5.3.1).
 */
import { Element, newAttributes } from '../../xml/element.ts'
import { documentOf, type Located, locate, type Place, textAt } from '../../xml/path/locate.ts'
import type { Path } from '../../xml/path/path.ts'
import type { Criterion, Selection, What } from './filter-model.ts'

/** What is left of the document: its root always. */
export function filtered(root: Element, { include, exclude }: What): Element {
  const document = documentOf(root)
  const kept = include.length === 0 ? EVERYTHING : chosen(document, include)
  const dropped = chosen(document, exclude)
  return reduce(root, { kept, dropped }, include.length === 0)
}

interface Choice {
  /** With all that is in them. */
  readonly whole: ReadonlySet<Element>
  /** By themselves: their text and attributes. */
  readonly own: ReadonlySet<Element>
  readonly attributes: ReadonlyMap<Element, ReadonlySet<string>>
}

const EVERYTHING: Choice = { whole: new Set(), own: new Set(), attributes: new Map() }

function chosen(document: Element, selections: readonly Selection[]): Choice {
  const whole = new Set<Element>()
  const own = new Set<Element>()
  const attributes = new Map<Element, Set<string>>()
  for (const selection of selections) {
    if (selection.type === 'namespace') {
      addOfNamespace(document, selection.ns, own)
      continue
    }
    for (const located of locate(document, selection.path)) {
      if (located.kind === 'element') whole.add(located.element)
      if (located.kind !== 'attribute') continue
      const { element } = located.owner
      attributes.set(element, new Set([...(attributes.get(element) ?? []), located.key]))
    }
  }
  return { whole, own, attributes }
}

function addOfNamespace(element: Element, ns: string, found: Set<Element>): void {
  for (const child of element.elements()) {
    if (child.ns === ns) found.add(child)
    addOfNamespace(child, ns, found)
  }
}

interface Choices {
  readonly kept: Choice
  readonly dropped: Choice
}

/** `all`: an element around it is wanted with all that is in it. */
function reduce(element: Element, choices: Choices, all: boolean): Element {
  const isWhole = all || choices.kept.whole.has(element)
  const isOwn = isWhole || choices.kept.own.has(element)
  const children = element.children.flatMap((child) => {
    if (typeof child === 'string') return isOwn || hasRequiredText(element) ? child : []
    if (isDropped(child, element, choices.dropped)) return []
    const isWanted = isWhole || isRequired(child, element) || isKept(child, choices.kept)
    return isWanted ? reduce(child, choices, isWhole || isRequired(child, element)) : []
  })
  return new Element(element.name, element.ns, attributesOf(element, choices, isOwn), children)
}

/** Or something in it. */
function isKept(element: Element, kept: Choice): boolean {
  if (kept.whole.has(element) || kept.own.has(element) || kept.attributes.has(element)) return true
  for (const child of element.elements()) if (isKept(child, kept)) return true
  return false
}

function isDropped(child: Element, parent: Element, { whole, own }: Choice): boolean {
  return (whole.has(child) || own.has(child)) && !isRequired(child, parent)
}

function attributesOf(element: Element, { kept, dropped }: Choices, isOwn: boolean) {
  const required = REQUIRED_ATTRIBUTES[element.name]
  const [asked, refused] = [kept.attributes.get(element), dropped.attributes.get(element)]
  const attrs = newAttributes()
  for (const key in element.attrs) {
    const isNeeded = required?.includes(key) ?? false
    // Of an element that no schema here has, nobody can say which it needs.
    const isWanted = isOwn || isNeeded || !required || asked?.has(key)
    if (isWanted && (isNeeded || !refused?.has(key))) attrs[key] = element.attrs[key] ?? ''
  }
  return attrs
}

/** RFC 3863 §4.4, RFC 4479 §5, RFC 3858 §4. */
const REQUIRED_ATTRIBUTES: Readonly<Record<string, readonly string[]>> = {
  presence: ['entity'],
  tuple: ['id'],
  person: ['id'],
  device: ['id'],
  watcherinfo: ['version', 'state'],
  'watcher-list': ['resource', 'package'],
  watcher: ['id', 'status', 'event'],
}

function isRequired({ name }: Element, parent: Element): boolean {
  return (
    (parent.name === 'tuple' && name === 'status') ||
    (parent.name === 'device' && name === 'deviceID') ||
    WHOLE.has(parent.name)
  )
}

/** RFC 4480 §5, RFC 5196 §3.4: what has to be in these depends on what else is. */
const WHOLE: ReadonlySet<string> = new Set([
  'mood',
  'place-is',
  'place-type',
  'relationship',
  'service-class',
  'servcaps',
  'devcaps',
])

function hasRequiredText({ name }: Element): boolean {
  return name === 'watcher'
}

/** Whether the change is one that the watcher wants to be told of (RFC 4660 §5.3.2). */
export function isTriggered(
  triggers: readonly (readonly Criterion[])[],
  before: Element,
  now: Element,
): boolean {
  if (triggers.length === 0) return true
  const documents = { before: documentOf(before), now: documentOf(now) }
  return triggers.some((criteria) => criteria.every((one) => isMet(one, documents)))
}

function isMet(criterion: Criterion, documents: { before: Element; now: Element }): boolean {
  const before = valuesAt(documents.before, criterion.path)
  const now = valuesAt(documents.now, criterion.path)
  switch (criterion.kind) {
    case 'added':
      return [...now.keys()].some((place) => !before.has(place))
    case 'removed':
      return [...before.keys()].some((place) => !now.has(place))
    case 'changed':
      return [...now].some(([place, value]) => isChanged(criterion, before.get(place), value))
  }
}

/** RFC 4661 §3.6.1; what was not there had no value, and so another one. Its example writes `OPEN` for `open`. */
function isChanged(
  { from, to, by }: Criterion & { kind: 'changed' },
  before: string | undefined,
  now: string,
): boolean {
  if (before === now) return false
  if (from !== undefined && !isSame(before, from)) return false
  if (to !== undefined && !isSame(now, to)) return false
  // 0.7 is not quite 0.2 more than 0.5, in binary.
  return by === undefined || Math.abs(Number(now) - Number(before)) >= by - Number.EPSILON * 4
}

function isSame(value: string | undefined, wanted: string): boolean {
  return value?.trim().toLowerCase() === wanted.trim().toLowerCase()
}

/** By where they are: the same element has the same name, `id` and parents in both documents. */
function valuesAt(document: Element, path: Path): Map<string, string> {
  return new Map(
    locate(document, path).map((located) => [placeOf(located), valueOfLocated(located)]),
  )
}

/** Of an element that has others in it, all that is in it. */
function valueOfLocated(located: Located): string {
  const isText =
    located.kind !== 'element' ||
    located.element.children.every((child) => typeof child === 'string')
  return isText ? textAt(located).trim() : located.element.toString()
}

function placeOf(located: Located): string {
  if (located.kind === 'element') return keyOf(located)
  const end = located.kind === 'attribute' ? `@${located.key}` : `text ${located.index}`
  return `${keyOf(located.owner)}/${end}`
}

function keyOf({ element, parent }: Place): string {
  if (!parent) return ''
  const { name, ns } = element
  const id = element.attr('id')
  const siblings = [...parent.element.elements()].filter((one) => one.is(name, ns))
  const which = id === undefined ? String(siblings.indexOf(element)) : `#${id}`
  return `${keyOf(parent)}/{${ns}}${name} ${which}`
}
