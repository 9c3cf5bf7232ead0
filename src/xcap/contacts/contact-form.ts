/**
 * A document of resource lists with the contacts of now (docs/adr/0015-xcap-documents.md): who is
 * gone is cut out of it, who is new is added, names are those of the list. All else stays as it was put.
 */
import type { BareJid } from '../../core/address.ts'
import type { RosterItem } from '../../core/presence/roster-item.ts'
import { uriOfAddress } from '../../formats/pres-rules/identity-uri.ts'
import {
  type ListEntry,
  type ResourceList,
  renderResourceLists,
} from '../../formats/resource-lists.ts'
import { compareText } from '../../util/compare-text.ts'
import { escapeAttr, escapeText } from '../../xml/element.ts'
import { readSource, type SourceElement } from '../../xml/source-tree.ts'
import { appendEdit, applyEdits, type Edit, nameBeside, removeEdit } from '../edits.ts'
import {
  type ContactEntry,
  type ContactGroup,
  contactGroups,
  displayNameElement,
} from './contact-entries.ts'

export type Items = ReadonlyMap<BareJid, RosterItem>

/** Whom each URI of the form means; who means nobody that a list can have is not in it. */
export type Meanings = ReadonlyMap<string, BareJid>

/** For somebody who has put none. `undefined` where there is nobody to show. */
export function freshForm(items: Items): string | undefined {
  if (items.size === 0) return undefined
  const groups = new Map<string, ListEntry[]>()
  for (const item of items.values()) {
    for (const group of groupsOf(item)) {
      const entries = groups.get(group) ?? []
      groups.set(group, [...entries, entryOf(item)])
    }
  }
  const lists = [...groups]
    .sort(([a], [b]) => compareText(a, b))
    .map(
      ([name, members]): ResourceList => ({
        kind: 'list',
        name: name === '' ? undefined : name,
        members: members.sort((a, b) => compareText(a.uri, b.uri)),
      }),
    )
  return renderResourceLists(lists)
}

export function currentForm(form: string, items: Items, meanings: Meanings): string {
  const root = readSource(form)
  const groups = contactGroups(form)
  const missing = new Missing(items)
  const kept = new Map<ContactEntry, RosterItem>()
  for (const entry of groups.flatMap(({ entries }) => entries)) {
    const item = items.get(meanings.get(entry.uri) ?? NOBODY)
    if (!item || !groupsOf(item).includes(entry.group)) continue
    kept.set(entry, item)
    missing.found(item.contact, entry.group)
  }
  const edits = groups.flatMap((group) => [
    ...editsIn(form, group, { kept, stays: missing.isIn(group.name) }),
  ])
  const newLists: string[] = []
  for (const [name, added] of missing.byGroup()) {
    const list = groups.find((group) => group.name === name)?.element
    if (list) edits.push(appendEdit(form, list, entriesText(list, added)))
    else newLists.push(listText(root, name, added))
  }
  if (newLists.length > 0) edits.push(appendEdit(form, root, newLists.join('')))
  return applyEdits(form, edits)
}

const NOBODY = '' as BareJid

interface Kept {
  readonly kept: ReadonlyMap<ContactEntry, RosterItem>
  /** Somebody is to be added to the group. */
  readonly stays: boolean
}

function* editsIn(
  form: string,
  { element, entries }: ContactGroup,
  { kept, stays }: Kept,
): Iterable<Edit> {
  const gone = new Set(entries.filter((entry) => !kept.has(entry)).map((entry) => entry.element))
  if (gone.size > 0 && !stays && isNothingElse(element, gone)) {
    yield removeEdit(form, element)
    return
  }
  for (const one of gone) yield removeEdit(form, one)
  const named = new Set(
    [...kept].filter(([entry]) => entry.displayName !== undefined).map(([, item]) => item),
  )
  for (const entry of entries) {
    const item = kept.get(entry)
    if (item) yield* renamed(form, entry, { name: item.name, isNamed: named.has(item) })
  }
}

/** A list that had contacts and has none is gone, as a group is; one that was put empty stays. */
function isNothingElse({ children }: SourceElement, gone: ReadonlySet<SourceElement>): boolean {
  return children.every((child) => gone.has(child) || child.name === 'display-name')
}

/** An entry may leave the name to another one of the same contact (`isNamed`). */
function* renamed(
  form: string,
  { element, displayName }: ContactEntry,
  { name, isNamed }: { name: string; isNamed: boolean },
): Iterable<Edit> {
  const known = displayNameElement(element)
  if (displayName === name) return
  if (known && name === '') yield removeEdit(form, known)
  else if (known?.isSelfClosing) yield { ...known, put: displayNameText(element, name) }
  else if (known) {
    yield { start: known.openEnd, end: known.closeStart, put: escapeText(name) }
  } else if (name !== '' && !isNamed) {
    yield prependEdit(form, element, displayNameText(element, name))
  }
}

/** §3.2: the name comes first. */
function prependEdit(form: string, element: SourceElement, content: string): Edit {
  const { openEnd, isSelfClosing } = element
  if (isSelfClosing) return appendEdit(form, element, content)
  return { start: openEnd, end: openEnd, put: content }
}

function displayNameText(beside: SourceElement, name: string): string {
  const tag = nameBeside(beside, 'display-name')
  return `<${tag}>${escapeText(name)}</${tag}>`
}

function listText(root: SourceElement, name: string, items: readonly RosterItem[]): string {
  const tag = nameBeside(root, 'list')
  const open = name === '' ? `<${tag}>` : `<${tag} name="${escapeAttr(name)}">`
  return `${open}${entriesText(root, items)}</${tag}>`
}

function entriesText(beside: SourceElement, items: readonly RosterItem[]): string {
  return items.map((item) => entryText(beside, item)).join('')
}

function entryText(beside: SourceElement, item: RosterItem): string {
  const { uri, displayName } = entryOf(item)
  const tag = nameBeside(beside, 'entry')
  const open = `<${tag} uri="${escapeAttr(uri)}"`
  if (displayName === undefined) return `${open}/>`
  return `${open}>${displayNameText(beside, displayName)}</${tag}>`
}

/** Contacts in groups that the form does not show there. */
class Missing {
  readonly #groups = new Map<string, Map<BareJid, RosterItem>>()

  constructor(items: Items) {
    for (const item of items.values()) {
      for (const group of groupsOf(item)) {
        const members = this.#groups.get(group) ?? new Map<BareJid, RosterItem>()
        this.#groups.set(group, members.set(item.contact, item))
      }
    }
  }

  found(contact: BareJid, group: string): void {
    this.#groups.get(group)?.delete(contact)
  }

  isIn(group: string): boolean {
    return (this.#groups.get(group)?.size ?? 0) > 0
  }

  *byGroup(): Iterable<[name: string, items: RosterItem[]]> {
    for (const [name, members] of [...this.#groups].sort(([a], [b]) => compareText(a, b))) {
      const items = [...members.values()]
      if (items.length === 0) continue
      yield [name, items.sort((a, b) => compareText(a.contact, b.contact))]
    }
  }
}

function entryOf({ contact, awaits, name }: RosterItem): ListEntry {
  const isNumber = awaits !== undefined && !awaits.includes('@')
  const uri = isNumber ? `tel:${awaits}` : uriOfAddress(contact)
  return { kind: 'entry', uri, displayName: name === '' ? undefined : name }
}

function groupsOf({ groups }: RosterItem): readonly string[] {
  return groups.length === 0 ? [''] : groups
}
