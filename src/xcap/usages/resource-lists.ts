/** Resource lists (RFC 4826 §3): contact lists, and whatever other lists clients keep. */
import { NS_RESOURCE_LISTS, RESOURCE_LISTS } from '../../formats/resource-lists.ts'
import type { Element } from '../../xml/element.ts'
import { type ApplicationUsage, defineUsage } from '../application-usage.ts'
import { type SharedContactsDeps, sharedContacts } from '../contacts/shared-contacts.ts'
import { childrenOf, requireAttribute, requireOneFirst, requireRoot } from '../schema.ts'
import { conflict, type NotUnique, notUnique } from '../xcap-refusal.ts'

export function resourceLists(deps: SharedContactsDeps): ApplicationUsage {
  return defineUsage({
    auid: 'resource-lists',
    specs: ['RFC 4826'],
    mimeType: RESOURCE_LISTS,
    defaultNs: NS_RESOURCE_LISTS,
    namespaces: [NS_RESOURCE_LISTS],
    check: ({ root }) => requireResourceLists(root),
    shared: sharedContacts(deps),
  })
}

/** §3.2, §3.4.5. Throws `Conflict`. */
export function requireResourceLists(root: Element): void {
  requireRoot(root, 'resource-lists', NS_RESOURCE_LISTS)
  const lists = childrenOf(root, { names: ['list'], others: false })
  for (const list of lists) requireMembers(list)
  requireUnique(lists, 'resource-lists')
}

/** The content of a list, whatever its own namespace is (§4.2). Throws `Conflict`. */
export function requireMembers(list: Element): void {
  const members = childrenOf(list, {
    names: ['display-name', 'list', 'entry', 'entry-ref', 'external'],
    ns: NS_RESOURCE_LISTS,
  })
  requireOneFirst(members, 'display-name')
  for (const member of members) requireMember(member)
  requireUnique(members, 'list')
}

function requireMember(member: Element): void {
  switch (member.name) {
    case 'list':
      requireMembers(member)
      return
    case 'entry':
      requireAttribute(member, 'uri')
      break
    case 'entry-ref':
      requireRelative(requireAttribute(member, 'ref'))
      break
    case 'external':
      requireAbsolute(member.attr('anchor'))
      break
    default:
      return
  }
  requireOneFirst(childrenOf(member, { names: ['display-name'] }), 'display-name')
}

/** §3.4.5: relative to the XCAP root. */
function requireRelative(ref: string): void {
  if (!/^(\/|[a-z][a-z0-9+.-]*:)/i.test(ref)) return
  throw conflict('constraint-failure', `ref="${ref}" is not relative to the XCAP root`)
}

function requireAbsolute(anchor: string | undefined): void {
  if (anchor === undefined || /^https?:\/\/[^/]/i.test(anchor)) return
  throw conflict('constraint-failure', `anchor="${anchor}" is no absolute HTTP URI`)
}

const IDENTITIES: Readonly<Partial<Record<string, string>>> = {
  list: 'name',
  entry: 'uri',
  'entry-ref': 'ref',
  external: 'anchor',
}

/** §3.4.5: no two siblings of one kind are called the same. Throws `Conflict` uniqueness-failure. */
function requireUnique(siblings: readonly Element[], parent: string): void {
  const seen = new Set<string>()
  const twice: NotUnique[] = []
  for (const { name, attrs } of siblings) {
    const attribute = IDENTITIES[name]
    const value = attribute && attrs[attribute]
    if (attribute === undefined || value === undefined) continue
    const key = `${name} ${value}`
    if (seen.has(key)) twice.push({ field: `${parent}/${name}/@${attribute}`, alternatives: [] })
    seen.add(key)
  }
  if (twice.length > 0) throw notUnique(twice, 'Siblings have the same name or address')
}
