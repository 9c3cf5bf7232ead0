/** Shapes of access control: levels, rules, and what they come to for a watcher. */
import { type Static, Type } from 'typebox'
import { ALL_LEVEL } from '../core/presence/access/access-level.ts'
import { ACTIONS } from '../core/presence/access/rule.ts'
import { PresenceBody } from './schemas.ts'

const Instant = Type.String({ format: 'date-time' })
const Pattern = Type.String({ minLength: 1, maxLength: 3071 })
const LevelName = Type.String({ minLength: 1, maxLength: 64 })
export const Action = Type.Enum([...ACTIONS], {
  description: 'undefined: as if there were no rule.',
})
export const DECISIONS = ['allow', 'confirm', 'block'] as const

export const LevelParam = Type.Object({ name: LevelName })

export const LevelPut = Type.Object(
  {
    classes: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 }),
    inverted: Type.Optional(
      Type.Boolean({ default: false, description: 'All classes but these.' }),
    ),
  },
  { additionalProperties: false },
)

export const LevelBody = Type.Object({
  name: Type.String(),
  classes: Type.Array(Type.String()),
  inverted: Type.Boolean({ description: 'All classes but these.' }),
  predefined: Type.Boolean({ description: 'Cannot be changed or removed.' }),
})
export type LevelBody = Static<typeof LevelBody>

/** What becomes of a change where the thing is, or is not, there already. */
export const Existing = Type.Object({
  existing: Type.Enum(['allow', 'refuse', 'require'], {
    default: 'allow',
    description: 'Whether there may, must not or must be such a one already.',
  }),
})

export const RULE_KINDS = ['pair', 'user-default', 'domain-default', 'system-default'] as const

export const RuleBody = Type.Object({
  presentity: Type.String({ description: 'An account, @domain, or * for everybody.' }),
  watcher: Type.String({
    description: 'An address, @domain, @* for everybody elsewhere, or * for everybody.',
  }),
  level: Type.String(),
  action: Action,
  enforced: Type.Boolean({ description: 'The administrator’s, above the user’s own.' }),
  refusesMessages: Type.Boolean({ description: 'Messages are refused, too (XEP-0191).' }),
  kind: Type.Enum([...RULE_KINDS]),
  updatedAt: Instant,
})
export type RuleBody = Static<typeof RuleBody>

export const External = Type.Boolean({
  default: false,
  description: 'The watcher is user@domain at another system, and taken as it is.',
})
const Level = Type.String({ minLength: 1, maxLength: 64, default: ALL_LEVEL.name })

/** A rule of one presentity; a body gets no defaults, so what may be left out is optional. */
export const OwnRulePut = Type.Object(
  {
    watcher: Pattern,
    external: Type.Optional(External),
    level: Type.Optional(Level),
    action: Action,
    refusesMessages: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
)
export type OwnRulePut = Static<typeof OwnRulePut>

export const RulePut = Type.Object(
  {
    presentity: Pattern,
    ...OwnRulePut.properties,
    enforced: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
)

export const RulePutBody = Type.Object({
  outcome: Type.Enum(['created', 'changed', 'same']),
  rule: RuleBody,
})

/** A watcher who is nobody's address is looked for as it is, if it is one of another system. */
export const OwnRuleFilter = Type.Object({
  watcher: Type.Optional(Pattern),
  external: Type.Optional(External),
  level: Type.Optional(LevelName),
  action: Type.Optional(Action),
})
export type OwnRuleFilter = Static<typeof OwnRuleFilter>

export const RuleFilterQuery = Type.Object({
  presentity: Type.Optional(Pattern),
  ...OwnRuleFilter.properties,
  enforced: Type.Optional(Type.Boolean()),
  kind: Type.Optional(Type.Enum([...RULE_KINDS])),
})
export type RuleFilterQuery = Static<typeof RuleFilterQuery>

export const Page = Type.Object({
  skip: Type.Integer({ minimum: 0, default: 0 }),
  limit: Type.Integer({ minimum: 1, maximum: 10_000, default: 1000 }),
})

export const RulesBody = Type.Object({
  rules: Type.Array(RuleBody),
  total: Type.Integer({ description: 'Of all pages.' }),
})

export const DeletedBody = Type.Object({ deleted: Type.Integer() })

export const DefaultPut = Type.Object(
  {
    action: Action,
    level: Type.Optional(Level),
    external: Type.Optional(
      Type.Boolean({ default: false, description: 'For watchers of other systems.' }),
    ),
  },
  { additionalProperties: false },
)

export const DefaultFilter = Type.Object({
  level: Type.Optional(LevelName),
  external: Type.Optional(
    Type.Boolean({ description: 'Only what is for watchers of other systems, or only the rest.' }),
  ),
})

export const ReasonBody = Type.Object({
  class: Type.String(),
  action: Type.Enum([...DECISIONS]),
  because: Type.Enum(['self', 'cross-domain', 'subscription', 'default', 'rule'], {
    description:
      'subscription: the person let the watcher subscribe; default: no rule speaks of them.',
  }),
  rule: Type.Optional(RuleBody),
})
export type ReasonBody = Static<typeof ReasonBody>

export const ViewBody = Type.Object({
  watcher: Type.String(),
  decision: Type.Enum([...DECISIONS]),
  visible: Type.Enum(['all', 'some', 'none']),
  classes: Type.Array(Type.String(), { description: 'Those that the watcher sees.' }),
  asks: Type.Boolean({ description: 'Something waits for the person’s word.' }),
  presence: PresenceBody,
  reasons: Type.Array(ReasonBody),
})
export type ViewBody = Static<typeof ViewBody>
