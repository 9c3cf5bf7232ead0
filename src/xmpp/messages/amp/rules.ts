/** The rules of a message (XEP-0079 §5), read and checked. */
import type { Element } from '../../../xml/element.ts'
import { xml } from '../../../xml/element.ts'
import { badRequest, StanzaError } from '../../errors.ts'
import { NS_AMP } from '../../namespaces.ts'

export const ACTIONS = ['alert', 'drop', 'error', 'notify'] as const
export const CONDITIONS = ['deliver', 'expire-at', 'match-resource'] as const

type Action = (typeof ACTIONS)[number]
type Condition = (typeof CONDITIONS)[number]

export interface Rule {
  readonly action: Action
  readonly condition: Condition
  readonly value: string
}

const MAX_RULES = 20
const VALUES: Readonly<Record<Condition, (value: string) => boolean>> = {
  deliver: (value) => /^(direct|forward|gateway|none|stored)$/.test(value),
  'match-resource': (value) => /^(any|exact|other)$/.test(value),
  'expire-at': (value) => instantOf(value) !== undefined,
}

/** XEP-0082: a DateTime in UTC (XEP-0079 §3.3.2), as milliseconds since the epoch; `undefined` for anything else. */
export function instantOf(value: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]00:00)$/.test(value)) return undefined
  const instant = Date.parse(value)
  return Number.isNaN(instant) ? undefined : instant
}

/** In their order. Throws `StanzaError` for what cannot be done (§6.1). */
export function parseRules(message: Element, amp: Element): Rule[] {
  // §1.3: what comes back is known by it.
  if ((message.attr('id') ?? '') === '') throw badRequest('a message with rules has an id')
  const elements = [...amp.elements()].filter((element) => element.is('rule', NS_AMP))
  if (elements.length === 0) throw badRequest('no rule')
  refuse(elements, 'unsupported-actions', ({ attrs }) => isOneOf(ACTIONS, attrs.action))
  refuse(elements, 'unsupported-conditions', ({ attrs }) => isOneOf(CONDITIONS, attrs.condition))
  const rules = elements.map(parseRule)
  refuse(
    elements,
    'invalid-rules',
    ({ attrs: { condition, value = '' } }) =>
      isOneOf(CONDITIONS, condition) && VALUES[condition](value) && elements.length <= MAX_RULES,
  )
  return rules.filter((rule): rule is Rule => rule !== undefined)
}

/** Those that the sender may not have (§9). */
export function notAcceptableRules(rules: readonly Rule[]): StanzaError {
  return refusal('invalid-rules', rules.map(ruleElement))
}

export function ruleElement({ action, condition, value }: Rule): Element {
  return xml('rule', { xmlns: NS_AMP, action, condition, value })
}

function parseRule({ attrs: { action, condition, value = '' } }: Element): Rule | undefined {
  if (!isOneOf(ACTIONS, action) || !isOneOf(CONDITIONS, condition)) return undefined
  return { action, condition, value }
}

type Detail = 'unsupported-actions' | 'unsupported-conditions' | 'invalid-rules'

function refuse(
  rules: readonly Element[],
  detail: Detail,
  isRight: (rule: Element) => boolean,
): void {
  const wrong = rules.filter((rule) => !isRight(rule))
  if (wrong.length > 0) throw refusal(detail, wrong.slice(0, MAX_RULES))
}

function refusal(detail: Detail, rules: readonly Element[]): StanzaError {
  const condition = detail === 'invalid-rules' ? 'not-acceptable' : 'bad-request'
  return new StanzaError('modify', condition, undefined, xml(detail, { xmlns: NS_AMP }, ...rules))
}

function isOneOf<T extends string>(known: readonly T[], value: string | undefined): value is T {
  return known.some((one) => one === value)
}
