/**
 * What a document of resource lists says of contacts: the lists at its top are groups, that without a
 * name holds who is in none. Lists in lists are of the group they stand in. Lists with a name that
 * begins with `oma_` are of clients (OMA XDM §6.2), not of contacts; references and elements of other
 * namespaces say nothing here.
 */
import { NS_RESOURCE_LISTS } from '../../formats/resource-lists.ts'
import { attributeOf, readSource, type SourceElement, textOf } from '../../xml/source-tree.ts'

export interface ContactEntry {
  readonly uri: string
  /** Empty for none. */
  readonly group: string
  readonly element: SourceElement
  readonly displayName: string | undefined
}

export interface ContactGroup {
  /** Empty for those who are in no group. */
  readonly name: string
  readonly element: SourceElement
  readonly entries: readonly ContactEntry[]
}

/** Of lists that clients keep for themselves. */
const RESERVED = /^oma_/

/** `text` is a document of resource lists. */
export function contactGroups(text: string): ContactGroup[] {
  return readSource(text)
    .children.filter((child) => isList(child) && !RESERVED.test(nameOf(child)))
    .map((element) => {
      const name = nameOf(element)
      return { name, element, entries: [...entriesIn(text, element, name)] }
    })
}

function* entriesIn(text: string, list: SourceElement, group: string): Iterable<ContactEntry> {
  for (const element of list.children) {
    if (isList(element)) yield* entriesIn(text, element, group)
    if (element.ns !== NS_RESOURCE_LISTS || element.name !== 'entry') continue
    const uri = attributeOf(element, 'uri')?.value.trim() ?? ''
    yield { uri, group, element, displayName: displayNameOf(text, element) }
  }
}

function displayNameOf(text: string, entry: SourceElement): string | undefined {
  const element = displayNameElement(entry)
  return element && textOf(text, element).trim()
}

export function displayNameElement({ children }: SourceElement): SourceElement | undefined {
  return children.find(({ name, ns }) => name === 'display-name' && ns === NS_RESOURCE_LISTS)
}

function isList({ name, ns }: SourceElement): boolean {
  return name === 'list' && ns === NS_RESOURCE_LISTS
}

function nameOf(list: SourceElement): string {
  return attributeOf(list, 'name')?.value ?? ''
}
