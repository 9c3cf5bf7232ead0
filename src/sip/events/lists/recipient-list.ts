/** The list in the body of a SUBSCRIBE (RFC 5367, RFC 5363 §4), and what of it changes in a refresh. */
import {
  type ListEntry,
  parseResourceLists,
  type ResourceList,
  ResourceListsError,
  renderResourceLists,
} from '../../../formats/resource-lists.ts'
import { SipError } from '../../errors.ts'
import type { Asked, AskedBody } from '../asked.ts'
import { SubscribeBody } from '../subscribe-body.ts'

export const RECIPIENT_LIST_SUBSCRIBE = 'recipient-list-subscribe'

const RECIPIENT_LIST = {
  contentType: 'application/resource-lists+xml',
  disposition: 'recipient-list',
}

/** A refresh that brings something else, a filter perhaps, leaves the list as it was (RFC 5367 §5.1). */
export const recipientList = new SubscribeBody(RECIPIENT_LIST, readLists, (_before, now) => now)

/** Entries that come and go, those of the lists `added` and `removed` (docs/adr/0017-application-servers.md). */
export interface ListChanges {
  readonly added: readonly ListEntry[]
  readonly removed: readonly ListEntry[]
}

export const listChanges = new SubscribeBody<ListChanges>(
  { contentType: RECIPIENT_LIST.contentType, disposition: 'recipient-list-changes' },
  (content) => {
    const lists = readLists(content)
    return { added: entriesOf(lists, 'added'), removed: entriesOf(lists, 'removed') }
  },
)

/** The entries with what has changed of them. */
export function changed(
  entries: readonly ListEntry[],
  { added, removed }: ListChanges,
): ListEntry[] {
  const all = new Map(entries.map((entry) => [keyOf(entry), entry]))
  for (const entry of removed) all.delete(keyOf(entry))
  for (const entry of added) all.set(keyOf(entry), entry)
  return [...all.values()]
}

/** As if these entries had been asked for in the first place. */
export function askedFor(entries: readonly ListEntry[], asked: Asked): Asked {
  const content = Buffer.from(renderResourceLists([{ kind: 'list', members: entries }]))
  const list: AskedBody = { ...RECIPIENT_LIST, content }
  const others = asked.bodies.filter(
    (one) => !listChanges.matches(one) && !recipientList.matches(one),
  )
  return { ...asked, bodies: [...others, list] }
}

function readLists(content: Buffer): ResourceList[] {
  try {
    return parseResourceLists(content)
  } catch (error) {
    throw refusalOf(error)
  }
}

function entriesOf(lists: readonly ResourceList[], name: string): ListEntry[] {
  const members = lists.filter((list) => list.name === name).flatMap((list) => list.members)
  return members.filter((member) => member.kind === 'entry')
}

function keyOf({ uri, watcher = '' }: ListEntry): string {
  return `${uri}\n${watcher}`
}

/** What is wrong with a list, in SIP's words (RFC 4826 §4.5); other errors are no matter of the list. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof ResourceListsError)) return error
  switch (error.kind) {
    case 'too-large':
      return new SipError(413, 'List Is Too Long')
    case 'circular':
      return new SipError(502, 'List Refers to Itself')
    default:
      return new SipError(400, 'Bad Resource List')
  }
}
