/** Whom a rule is about: the conditions of RFC 4745 §7. */
import type { BareJid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { NS_ACCESS } from '../watcherinfo.ts'
import { addressOfUri, domainOfText } from './identity-uri.ts'
import { type Many, NS_COMMON_POLICY, type PresRule, type Scope } from './model.ts'
import { childrenOf, invalid, requireAttr, unsupported } from './reading.ts'

type Conditions = Pick<PresRule, 'ones' | 'manys'>

/** Nobody is authenticated by us without an address, so `many` is no less than no condition. */
const ANYONE: Many = {
  scope: 'anybody',
  domain: undefined,
  exceptAddresses: new Set(),
  exceptDomains: new Set(),
}

const UNSUPPORTED: Readonly<Record<string, string>> = {
  sphere: 'a rule for a sphere cannot be kept: presence here has no spheres',
  validity: 'a rule for a time cannot be kept: access rules here hold until they are changed',
}

/** Throws `PresRulesError`. */
export function readConditions(conditions: Element | undefined, where: string): Conditions {
  const identities: Element[] = []
  for (const child of conditions ? childrenOf(conditions, where) : []) {
    if (child.ns !== NS_COMMON_POLICY) {
      throw unsupported(where, `the condition {${child.ns}}${child.name} is not known`)
    }
    const reason = Object.hasOwn(UNSUPPORTED, child.name) ? UNSUPPORTED[child.name] : undefined
    if (reason !== undefined) throw unsupported(where, reason)
    if (child.name !== 'identity') throw invalid(where, `there is no condition ${child.name}`)
    identities.push(child)
  }
  const [identity, second] = identities
  // §7: conditions hold together, so two identities are their intersection.
  if (second) throw unsupported(where, 'a rule has one identity condition')
  return identity ? readIdentity(identity, where) : { ones: new Set(), manys: [ANYONE] }
}

function readIdentity(identity: Element, where: string): Conditions {
  const ones = new Set<BareJid>()
  const manys: Many[] = []
  const children = childrenOf(identity, where)
  if (children.length === 0) throw invalid(where, 'identity names nobody')
  for (const child of children) {
    if (child.is('one', NS_COMMON_POLICY)) ones.add(readOne(child, where))
    else manys.push(readMany(child, scopeOf(child, where), where))
  }
  return { ones, manys }
}

function scopeOf(element: Element, where: string): Scope {
  if (element.is('many', NS_COMMON_POLICY)) return 'anybody'
  if (element.is('internal', NS_ACCESS)) return 'internal'
  if (element.is('external', NS_ACCESS)) return 'external'
  if (element.ns === NS_COMMON_POLICY) throw invalid(where, `identity has no ${element.name}`)
  throw unsupported(where, `the identity {${element.ns}}${element.name} is not known`)
}

function readOne(one: Element, where: string): BareJid {
  // §7.2
  if (one.attr('domain') !== undefined) throw invalid(where, 'one has a domain')
  requireEmpty(one, where)
  return readId(requireAttr(one, 'id', where), where)
}

function readMany(many: Element, scope: Scope, where: string): Many {
  const exceptAddresses = new Set<BareJid>()
  const exceptDomains = new Set<string>()
  for (const child of childrenOf(many, where)) {
    if (!child.is('except', NS_COMMON_POLICY)) {
      throw unsupported(where, `{${child.ns}}${child.name} in ${many.name} is not known`)
    }
    requireEmpty(child, where)
    const id = child.attr('id')
    const domain = child.attr('domain')
    if ((id === undefined) === (domain === undefined)) {
      throw invalid(where, 'except has either an id or a domain')
    }
    if (id !== undefined) exceptAddresses.add(readId(id, where))
    if (domain !== undefined) exceptDomains.add(readDomain(domain, where))
  }
  const domain = many.attr('domain')
  return {
    scope,
    domain: domain === undefined ? undefined : readDomain(domain, where),
    exceptAddresses,
    exceptDomains,
  }
}

function requireEmpty(element: Element, where: string): void {
  const [child] = childrenOf(element, where)
  if (child) throw unsupported(where, `${child.name} in ${element.name} is not known`)
}

function readId(id: string, where: string): BareJid {
  const address = addressOfUri(id)
  if (address !== undefined) return address
  const forms = 'sip:, sips:, xmpp: or pres: with user@domain and nothing else'
  throw unsupported(where, `“${id}” names no watcher that rules can be about: ${forms}`)
}

function readDomain(text: string, where: string): string {
  const domain = domainOfText(text)
  if (domain === undefined) throw invalid(where, `“${text}” is no domain`)
  return domain
}
