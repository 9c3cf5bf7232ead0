/** Reads documents of RFC 5025. Strict: whose presence it is about relies on every word. */
import { parseDocument } from '../../xml/document.ts'
import type { Element } from '../../xml/element.ts'
import { isNcName, type XmlLimits, XmlSyntaxError } from '../../xml/syntax.ts'
import {
  MAX_BYTES,
  MAX_GENERAL,
  MAX_IDENTITIES,
  MAX_RULES,
  NS_COMMON_POLICY,
  type PresRule,
  PresRulesError,
  type PresRuleset,
} from './model.ts'
import { readConditions } from './parse-conditions.ts'
import { readPermissions } from './parse-permissions.ts'
import { childrenOf, invalid, ruleName } from './reading.ts'

export const PRES_RULES_LIMITS: XmlLimits = {
  maxStanzaBytes: MAX_BYTES,
  maxDepth: 16,
  maxAttributes: 32,
}
const PARTS = ['conditions', 'actions', 'transformations'] as const

/** Throws `PresRulesError`, and nothing else whatever the bytes are. */
export function parsePresRules(
  bytes: Uint8Array | string,
  limits = PRES_RULES_LIMITS,
): PresRuleset {
  const root = parseXml(bytes, limits)
  if (!root.is('ruleset', NS_COMMON_POLICY)) {
    throw invalid('the document', `it is {${root.ns}}${root.name}, not ruleset`)
  }
  const elements = childrenOf(root, 'the document')
  if (elements.length > MAX_RULES) throw tooLarge(`there are more than ${MAX_RULES} rules`)
  const ids = new Set<string>()
  const rules: PresRule[] = []
  let identities = 0
  let general = 0
  for (const element of elements) {
    const rule = readRule(element)
    if (ids.has(rule.id)) throw invalid(ruleName(rule.id), 'another rule has this id')
    ids.add(rule.id)
    rules.push(rule)
    identities += countIdentities(rule)
    general += rule.manys.filter(({ domain }) => domain === undefined).length
    if (general > MAX_GENERAL) {
      const text = `up to here there are more than ${MAX_GENERAL} of many without a domain`
      throw tooLarge(`${ruleName(rule.id)}: ${text}`)
    }
    if (identities > MAX_IDENTITIES) {
      const text = `up to here there are more than ${MAX_IDENTITIES} addresses and domains`
      throw tooLarge(`${ruleName(rule.id)}: ${text}`)
    }
  }
  return { rules }
}

function parseXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  try {
    return parseDocument(bytes, limits)
  } catch (error) {
    if (!(error instanceof XmlSyntaxError)) throw error
    if (error.condition === 'policy-violation') throw tooLarge(error.message)
    throw new PresRulesError('not-well-formed', error.message)
  }
}

function readRule(element: Element): PresRule {
  if (!element.is('rule', NS_COMMON_POLICY)) {
    throw invalid('the document', `{${element.ns}}${element.name} is not a rule`)
  }
  const id = element.attr('id')?.trim() ?? ''
  if (!isNcName(id)) throw invalid('the document', `“${id}” is no id of a rule`)
  const where = ruleName(id)
  const parts: Partial<Record<(typeof PARTS)[number], Element>> = {}
  let next = 0
  for (const child of childrenOf(element, where)) {
    // A sequence in the schema (RFC 4745 §13).
    const at = PARTS.findIndex((name) => child.is(name, NS_COMMON_POLICY))
    const part = PARTS[at]
    if (part === undefined || at < next) throw invalid(where, `${child.name} is out of place`)
    parts[part] = child
    next = at + 1
  }
  const { conditions, actions, transformations } = parts
  return {
    id,
    ...readConditions(conditions, where),
    permissions: readPermissions({ actions, transformations }, where),
  }
}

function countIdentities({ ones, manys }: PresRule): number {
  const excepts = manys.map(
    ({ exceptAddresses, exceptDomains }) => 1 + exceptAddresses.size + exceptDomains.size,
  )
  return excepts.reduce((sum, count) => sum + count, ones.size)
}

function tooLarge(text: string): PresRulesError {
  return new PresRulesError('too-large', text)
}
