/**
 * The conditions that OMA adds to common policy (OMA-TS-XDM_Core §6.6.2), in the words of RFC 4745:
 * who is on a list, who is in no other rule, and who is anonymous, whom nobody here is.
 */
import type { BareJid } from '../../core/address.ts'
import type { Directory } from '../../directory/directory.ts'
import { flatten } from '../../formats/flat-list.ts'
import { addressOfUri, uriOfAddress } from '../../formats/pres-rules/identity-uri.ts'
import { NS_COMMON_POLICY } from '../../formats/pres-rules/model.ts'
import { ResourceListsError } from '../../formats/resource-lists.ts'
import { Element, xml } from '../../xml/element.ts'
import type { Candidate } from '../application-usage.ts'
import type { ListReader } from '../lists/list-reader.ts'
import { conflict } from '../xcap-refusal.ts'

export const NS_OMA_POLICY = 'urn:oma:xml:xdm:common-policy'

export interface OmaConditionsDeps {
  readonly lists: ListReader
  readonly directory: Pick<Directory, 'resolve'>
}

/** Whom one rule is about; an empty set is nobody. */
type Condition =
  | { readonly kind: 'plain' }
  | { readonly kind: 'others' }
  | { readonly kind: 'ones'; readonly ones: ReadonlySet<BareJid> }

const NOBODY: Condition = { kind: 'ones', ones: new Set() }

/** Throws `Conflict` where a rule has one of these conditions and another. */
export async function plainPolicy(
  deps: OmaConditionsDeps,
  { account, root }: Candidate,
): Promise<string> {
  const rules = [...root.elements()]
  const read = await Promise.all(
    rules.map(async (rule) => ({ rule, condition: await conditionOf(deps, account, rule) })),
  )
  const others = othersThan(read.flatMap(({ rule, condition }) => namedBy(rule, condition)))
  const plain = read.flatMap(({ rule, condition }) => {
    if (condition.kind === 'plain') return rule
    if (condition.kind === 'others') return others ? withIdentity(rule, others) : []
    if (condition.ones.size === 0) return []
    return withIdentity(rule, xml('identity', {}, ...[...condition.ones].map(oneElement)))
  })
  return new Element(root.name, root.ns, root.attrs, plain).toString()
}

async function conditionOf(
  deps: OmaConditionsDeps,
  owner: BareJid,
  rule: Element,
): Promise<Condition> {
  const conditions = [...(rule.child('conditions', NS_COMMON_POLICY)?.elements() ?? [])]
  const [only, more] = conditions
  if (only?.is('identity', NS_COMMON_POLICY) && !more && isAboutHimself(only, owner)) {
    return NOBODY
  }
  const special = conditions.find(({ ns }) => ns === NS_OMA_POLICY)
  if (!special) return { kind: 'plain' }
  if (more) throw unsupported(rule, `${special.name} stands alone here`)
  switch (special.name) {
    case 'external-list':
      return { kind: 'ones', ones: await listed(deps, owner, special) }
    case 'other-identity':
      return { kind: 'others' }
    case 'anonymous-request':
      return NOBODY
    default:
      throw unsupported(rule, `the condition ${special.name} is not known`)
  }
}

/** Everybody sees himself, whatever his rules. */
function isAboutHimself(identity: Element, owner: BareJid): boolean {
  const children = [...identity.elements()]
  return (
    children.length > 0 &&
    children.every(
      (child) =>
        child.is('one', NS_COMMON_POLICY) && addressOfUri(child.attr('id') ?? '') === owner,
    )
  )
}

/** Numbers that nobody has are no watchers. */
async function listed(
  { lists, directory }: OmaConditionsDeps,
  owner: BareJid,
  condition: Element,
): Promise<Set<BareJid>> {
  const ones = new Set<BareJid>()
  for (const entry of condition.elements()) {
    const anchor = entry.attr('anc')
    const list = anchor === undefined ? undefined : await lists.list(owner, anchor)
    for (const { uri } of list ? await flat(lists, owner, list) : []) {
      const found = await directory.resolve(uri)
      const address = found.kind === 'user' ? found.account : addressOfUri(uri)
      if (address !== undefined && address !== owner) ones.add(address)
    }
  }
  return ones
}

async function flat(lists: ListReader, owner: BareJid, list: Parameters<typeof flatten>[0]) {
  try {
    return await flatten(list, lists.references(owner))
  } catch (error) {
    if (!(error instanceof ResourceListsError)) throw error
    throw conflict('constraint-failure', error.message)
  }
}

/** The identities in a rule, as exceptions; `*` for everybody. */
function namedBy(rule: Element, condition: Condition): (Element | '*')[] {
  if (condition.kind === 'ones') {
    return [...condition.ones].map((one) => xml('except', { id: uriOfAddress(one) }))
  }
  if (condition.kind !== 'plain') return []
  const identity = rule.child('conditions', NS_COMMON_POLICY)?.child('identity', NS_COMMON_POLICY)
  if (!identity) return ['*']
  return [...identity.elements()].map((child) => {
    const [id, domain] = [child.attr('id'), child.attr('domain')]
    return id === undefined && domain === undefined ? '*' : xml('except', { id, domain })
  })
}

/** `undefined` where there are none. */
function othersThan(named: readonly (Element | '*')[]): Element | undefined {
  const excepts = named.filter((one) => one !== '*')
  if (excepts.length < named.length) return undefined
  return xml('identity', {}, xml('many', {}, ...excepts))
}

function oneElement(one: BareJid): Element {
  return xml('one', { id: uriOfAddress(one) })
}

function withIdentity(rule: Element, identity: Element): Element {
  const conditions = xml('conditions', { xmlns: NS_COMMON_POLICY }, identity)
  const children = rule.children.map((child) =>
    typeof child !== 'string' && child.is('conditions', NS_COMMON_POLICY) ? conditions : child,
  )
  return new Element(rule.name, rule.ns, rule.attrs, children)
}

function unsupported(rule: Element, text: string) {
  return conflict('constraint-failure', `rule “${rule.attr('id') ?? ''}”: ${text}`)
}
