/**
 * The flat list of a resource list (RFC 4826 §4.5): every entry once, those of lists within it and
 * of lists and entries elsewhere included.
 */
import {
  type ListEntry,
  type ListMember,
  MAX_LIST_MEMBERS,
  type ResourceList,
  ResourceListsError,
} from './resource-lists.ts'

/** Where references lead; `undefined` where nothing is there any more. */
export interface ListReferences {
  /** Of an `<entry-ref/>`, relative to the XCAP root. */
  entry(ref: string): Promise<ListEntry | undefined>
  /** Of an `<external/>`, by its absolute URI. */
  list(anchor: string): Promise<ResourceList | undefined>
}

/** RFC 5367 §4: in a request references mean nothing. */
export const NO_REFERENCES: ListReferences = {
  entry: async () => undefined,
  list: async () => undefined,
}

/** In one list and those that it leads to: each has to be looked for in a document. */
const MAX_REFERENCES = 1_000

interface Walk {
  readonly references: ListReferences
  readonly max: number
  readonly entries: Map<string, ListEntry>
  /** §4.5, the "traversed list". */
  readonly anchors: Set<string>
  visited: number
  referred: number
}

/**
 * In the order of the document. What a reference leads to that is gone is left out, since a list
 * with one dead reference is of more use than none (§4.5 allows it).
 * Throws `ResourceListsError`: `circular` where a list is reached twice (SIP: 502), `too-large`.
 */
export async function flatten(
  list: ResourceList,
  references: ListReferences = NO_REFERENCES,
  max = MAX_LIST_MEMBERS,
): Promise<ListEntry[]> {
  const walk: Walk = {
    references,
    max,
    entries: new Map(),
    anchors: new Set<string>(),
    visited: 0,
    referred: 0,
  }
  await visitAll(list.members, walk)
  return [...walk.entries.values()]
}

async function visitAll(members: readonly ListMember[], walk: Walk): Promise<void> {
  for (const member of members) {
    walk.visited += 1
    if (walk.visited > MAX_LIST_MEMBERS) throw tooLarge()
    await visit(member, walk)
  }
}

async function visit(member: ListMember, walk: Walk): Promise<void> {
  switch (member.kind) {
    case 'entry':
      add(member, walk)
      return
    case 'list':
      await visitAll(member.members, walk)
      return
    case 'entry-ref': {
      countReference(walk)
      const entry = await walk.references.entry(member.ref)
      // §3.1: a name here is a nickname for the one there.
      if (entry) add({ ...entry, displayName: member.displayName ?? entry.displayName }, walk)
      return
    }
    case 'external': {
      countReference(walk)
      if (walk.anchors.has(member.anchor)) {
        throw new ResourceListsError('circular', `${member.anchor} is reached twice`)
      }
      walk.anchors.add(member.anchor)
      const list = await walk.references.list(member.anchor)
      if (list) await visitAll(list.members, walk)
    }
  }
}

function countReference(walk: Walk): void {
  walk.referred += 1
  if (walk.referred > MAX_REFERENCES) throw tooLarge()
}

/** §4.5: the same by comparing strings, case included. */
function add(entry: ListEntry, { entries, max }: Walk): void {
  const key = `${entry.uri}\n${entry.watcher ?? ''}`
  if (entries.has(key)) return
  if (entries.size >= max) throw tooLarge()
  entries.set(key, entry)
}

function tooLarge(): ResourceListsError {
  return new ResourceListsError('too-large', 'there are too many members')
}
