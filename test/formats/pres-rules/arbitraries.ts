/** Rules and documents by chance, and whom they are about. */
import fc from 'fast-check'
import { type BareJid, domainOf, requireJid } from '../../../src/core/address.ts'
import { type AccessLevel, ALL_LEVEL } from '../../../src/core/presence/access/access-level.ts'
import type { NewRule, Rule } from '../../../src/core/presence/access/rule.ts'
import { SOURCE_CLASSES } from '../../../src/core/presence/observation.ts'
import type { MappingContext } from '../../../src/formats/pres-rules/mapping.ts'
import {
  ATTRIBUTES,
  type Many,
  NOTHING_GRANTED,
  type Permissions,
  type PresRule,
  type PresRuleset,
  SUB_HANDLINGS,
} from '../../../src/formats/pres-rules/model.ts'

export const OWNER = address('alice@corp.example')

/** No two have the same classes. */
export const LEVELS: readonly AccessLevel[] = [
  ALL_LEVEL,
  { name: 'Telephony', classes: ['phone'], inverted: false },
  { name: 'Calendar', classes: ['calendar'], inverted: false },
  { name: 'Meetings', classes: ['calendar', 'out-of-office'], inverted: false },
  { name: 'Discreet', classes: ['calendar', 'phone'], inverted: true },
]
const NARROW = LEVELS.slice(1).map(({ name }) => name)

export const CONTEXT: MappingContext = {
  levels: LEVELS,
  classes: SOURCE_CLASSES,
  isLocal: (domain) => domain.endsWith('corp.example'),
}

/** Two domains of this system and two of others; everywhere somebody whom documents may name. */
const DOMAINS = ['corp.example', 'west.corp.example', 'partner.example', 'else.example']
const ADDRESSES = DOMAINS.flatMap((domain) => [
  address(`bob@${domain}`),
  address(`carol#co@${domain}`),
])

export interface TestWatcher {
  readonly address: BareJid
  readonly account: BareJid | undefined
}

/** Named or not, and with or without an account where one could have one. */
export const WATCHERS: readonly TestWatcher[] = [...DOMAINS, 'never.example']
  .flatMap((domain) => ['bob', 'carol#co', 'zoe'].map((local) => address(`${local}@${domain}`)))
  .flatMap((one) => {
    const stranger = { address: one, account: undefined }
    return CONTEXT.isLocal(domainOf(one)) ? [stranger, { address: one, account: one }] : [stranger]
  })

function address(text: string): BareJid {
  return requireJid(text).bare
}

/** What a watcher pattern may have: narrower levels that are allowed, then what becomes of the rest. */
const cells = fc.record({
  levels: fc.uniqueArray(fc.constantFrom(...NARROW), { maxLength: 2 }),
  rest: fc.constantFrom('allow', 'block', 'confirm', undefined),
})

const patterns = fc.constantFrom('*', '@*', ...DOMAINS.map((domain) => `@${domain}`), ...ADDRESSES)

export const ruleSets: fc.Arbitrary<NewRule[]> = fc
  .uniqueArray(fc.tuple(patterns, cells), { selector: ([watcher]) => watcher, maxLength: 6 })
  .map((list) => list.flatMap(([watcher, cell]) => cellRules(watcher, cell)))

/** Every combination of levels and actions, sensible or not. */
export const wildRuleSets: fc.Arbitrary<NewRule[]> = fc.uniqueArray(
  fc
    .tuple(
      patterns,
      fc.constantFrom(...LEVELS.map(({ name }) => name)),
      fc.constantFrom('allow', 'block', 'confirm', 'undefined'),
    )
    .map(([watcher, level, action]) => newRule({ watcher, level, action })),
  { selector: ({ watcher, level }) => `${watcher} ${level}`, maxLength: 8 },
)

function cellRules(
  watcher: string,
  { levels, rest }: { levels: readonly string[]; rest: NewRule['action'] | undefined },
): NewRule[] {
  const rules = levels.map((level) => newRule({ watcher, level, action: 'allow' }))
  return rest === undefined
    ? rules
    : [...rules, newRule({ watcher, level: ALL_LEVEL.name, action: rest })]
}

export function newRule(given: Pick<NewRule, 'watcher' | 'level' | 'action'>): NewRule {
  return { presentity: OWNER, enforced: false, refusesMessages: false, ...given }
}

export function rule(given: Pick<NewRule, 'watcher' | 'level' | 'action'>): Rule {
  return { ...newRule(given), updatedAt: 0 }
}

const manys: fc.Arbitrary<Many> = fc.record({
  scope: fc.constantFrom('anybody', 'anybody', 'internal', 'external'),
  domain: fc.constantFrom(undefined, ...DOMAINS),
  exceptAddresses: fc.subarray(ADDRESSES, { maxLength: 3 }).map((list) => new Set(list)),
  exceptDomains: fc.subarray(DOMAINS, { maxLength: 2 }).map((list) => new Set(list)),
})

const services = fc.oneof(
  fc.constant('all' as const),
  fc
    .constantFrom(['phone'], ['calendar'], ['calendar', 'out-of-office'], ['phone', 'video'], [])
    .map((list) => new Set<string>(list)),
)
const WHOLE = { persons: true, devices: true, attributes: new Set(ATTRIBUTES) } as const

/** Mostly what somebody would write, sometimes what nobody would. */
const permissions: fc.Arbitrary<Permissions> = fc.oneof(
  {
    weight: 5,
    arbitrary: services.map((list) => {
      return { ...NOTHING_GRANTED, ...WHOLE, handling: 'allow' as const, services: list }
    }),
  },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(...SUB_HANDLINGS)
      .map((handling) => ({ ...NOTHING_GRANTED, handling })),
  },
  { weight: 1, arbitrary: fc.constant({ ...NOTHING_GRANTED, systemPolicy: true }) },
  {
    weight: 2,
    arbitrary: fc.record({
      handling: fc.constantFrom(undefined, ...SUB_HANDLINGS),
      services: fc.option(services, { nil: undefined }),
      persons: fc.boolean(),
      devices: fc.boolean(),
      attributes: fc
        .oneof(fc.subarray(ATTRIBUTES.filter((one) => one !== 'other')), fc.constant(ATTRIBUTES))
        .map((list) => new Set(list)),
      systemPolicy: fc.boolean(),
      confirmRest: fc.boolean(),
    }),
  },
)

const rules: fc.Arbitrary<Omit<PresRule, 'id'>> = fc
  .record({
    ones: fc.subarray(ADDRESSES, { maxLength: 3 }).map((list) => new Set(list)),
    manys: fc.array(manys, { maxLength: 1 }),
    permissions,
  })
  .filter(({ ones, manys: list }) => ones.size + list.length > 0)

export const rulesets: fc.Arbitrary<PresRuleset> = fc
  .array(rules, { maxLength: 4 })
  .map((list) => ({ rules: list.map((one, at) => ({ id: `r${at + 1}`, ...one })) }))
