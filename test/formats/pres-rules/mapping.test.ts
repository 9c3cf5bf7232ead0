import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { domainOf } from '../../../src/core/address.ts'
import type { AccessControl } from '../../../src/core/presence/access/access-control.ts'
import { TELEPHONY_LEVEL } from '../../../src/core/presence/access/access-level.ts'
import { type NewRule, ruleKey } from '../../../src/core/presence/access/rule.ts'
import type { Fallback } from '../../../src/core/presence/access/rule-index.ts'
import { SOURCE_CLASSES } from '../../../src/core/presence/observation.ts'
import { PresRulesError, type PresRuleset } from '../../../src/formats/pres-rules/model.ts'
import { parsePresRules } from '../../../src/formats/pres-rules/parse.ts'
import { presRulesFromRules } from '../../../src/formats/pres-rules/pres-rules-from-rules.ts'
import { renderPresRules } from '../../../src/formats/pres-rules/render.ts'
import { rulesFromPresRules } from '../../../src/formats/pres-rules/rules-from-pres-rules.ts'
import { testAccess } from '../../support/access.ts'
import {
  CONTEXT,
  LEVELS,
  OWNER,
  ruleSets,
  rulesets,
  type TestWatcher,
  WATCHERS,
  wildRuleSets,
} from './arbitraries.ts'

const timeless = (rules: readonly NewRule[]) => rules.map((one) => ({ ...one, updatedAt: 0 }))
const toDocument = (rules: readonly NewRule[]) =>
  presRulesFromRules(timeless(rules), OWNER, CONTEXT)
const toRules = (ruleset: PresRuleset) => rulesFromPresRules(ruleset, OWNER, CONTEXT)

describe('rules written as a document and read again', () => {
  it('are the same rules', () => {
    let kept = 0
    fc.assert(
      fc.property(ruleSets, (rules) => {
        const document = unlessUnsupported(() => toDocument(rules))
        if (!document || !isCanonical(rules)) return
        kept += 1
        const read = toRules(parsePresRules(renderPresRules(document)))
        assert.deepEqual(lines(read), lines(rules))
      }),
      { numRuns: 1000, seed: 4745 },
    )

    assert.ok(kept > 980, `${kept} of 1000 were tried`)
  })

  it('decide the same of every watcher, whatever form they had', async () => {
    let kept = 0
    await fc.assert(
      fc.asyncProperty(wildRuleSets, async (rules) => {
        const document = unlessUnsupported(() => toDocument(rules))
        if (!document) return
        const read = unlessUnsupported(() => toRules(document))
        if (!read) return
        kept += 1
        for (const sameSystem of ['allow', 'confirm', 'block'] as const) {
          const before = await accessWith(rules, sameSystem)
          const after = await accessWith(read, sameSystem)
          for (const watcher of WATCHERS) {
            for (const granted of [false, true]) {
              const expected = seen(before, watcher, granted)
              assert.deepEqual(seen(after, watcher, granted), expected, watcher.address)
            }
          }
        }
      }),
      { numRuns: 300, seed: 5025 },
    )

    assert.ok(kept > 75, `${kept} of 300 were tried`)
  })
})

describe('a document that is taken', () => {
  it('decides of every watcher as RFC 4745 §10 combines it', async () => {
    let taken = 0
    await fc.assert(
      fc.asyncProperty(rulesets, async (ruleset) => {
        const rules = unlessUnsupported(() => toRules(ruleset))
        if (!rules) return
        taken += 1
        for (const sameSystem of ['allow', 'confirm'] as const) {
          const access = await accessWith(rules, sameSystem)
          const system = await accessWith([], sameSystem)
          for (const watcher of WATCHERS) {
            const expected = combined(ruleset, watcher, seen(system, watcher))
            const text = `${watcher.address} ${watcher.account ? 'ours' : 'external'}`
            assert.deepEqual(seen(access, watcher), expected, text)
          }
        }
      }),
      { numRuns: 600, seed: 4745 },
    )

    assert.ok(taken > 350, `${taken} of 600 were taken`)
  })

  it('says the same written again', () => {
    fc.assert(
      fc.property(rulesets, (ruleset) => {
        const rules = unlessUnsupported(() => toRules(ruleset))
        const document = rules && unlessUnsupported(() => toDocument(rules))
        if (!document) return
        assert.deepEqual(lines(toRules(document)), lines(rules))
      }),
      { numRuns: 600, seed: 5025 },
    )
  })
})

function unlessUnsupported<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof PresRulesError && error.kind === 'unsupported') return undefined
    throw error
  }
}

function lines(rules: readonly NewRule[]): string[] {
  return rules.map((one) => `${ruleKey(one)} ${one.action}`).sort()
}

/** Not said twice: what externals get of the rules for everybody is no rule of its own. */
function isCanonical(rules: readonly NewRule[]): boolean {
  const rest = (pattern: string) =>
    rules.find(({ watcher, level }) => watcher === pattern && level === 'All')?.action
  const everybody = rest('*')
  return everybody === undefined || everybody === 'allow' || rest('@*') !== everybody
}

async function accessWith(rules: readonly NewRule[], sameSystem: Fallback): Promise<AccessControl> {
  const people = { isLocal: CONTEXT.isLocal, accountsWithAddressIn: async () => [] }
  const access = testAccess({ people, sameSystem })
  for (const level of LEVELS) {
    if (level.name !== 'All' && level !== TELEPHONY_LEVEL) await access.putLevel(level)
  }
  await access.putAll(rules)
  return access
}

interface Seen {
  readonly decision: string
  readonly asks: boolean
  readonly classes: readonly string[]
}

/** `granted`: by the presentity's contact list. */
function seen(access: AccessControl, watcher: TestWatcher, granted = false): Seen {
  const asking = { ...watcher, protocol: 'sip' } as const
  const { decision, visible, asks } = access.decide(OWNER, asking, granted)
  return { decision, asks, classes: SOURCE_CLASSES.filter((name) => visible.sees(name)) }
}

/** RFC 4745 §10.2 with the values of RFC 5025 §3.2.1, and what ADR 9 adds. */
function combined({ rules }: PresRuleset, { address, account }: TestWatcher, system: Seen): Seen {
  const domain = domainOf(address)
  const matching = rules
    .filter(({ ones, manys }) => {
      if (ones.has(address)) return true
      return manys.some((many) => {
        const excepted = many.exceptAddresses.has(address) || many.exceptDomains.has(domain)
        const within = many.domain === undefined || many.domain === domain
        const scope =
          many.scope === 'anybody' || (many.scope === 'internal') === (account !== undefined)
        return scope && within && !excepted
      })
    })
    .map(({ permissions }) => permissions)
  const values = { block: 0, confirm: 10, 'polite-block': 20, allow: 30 }
  const handling = Math.max(0, ...matching.map((one) => values[one.handling ?? 'block']))
  const classes =
    handling < 30
      ? []
      : SOURCE_CLASSES.filter((name) =>
          matching.some(({ services }) => services === 'all' || services?.has(name)),
        )
  if (matching.some(({ systemPolicy }) => systemPolicy)) {
    const all = SOURCE_CLASSES.filter(
      (name) => classes.includes(name) || system.classes.includes(name),
    )
    if (all.length === SOURCE_CLASSES.length) {
      return { decision: 'allow', asks: false, classes: all }
    }
    return { ...system, decision: all.length > 0 ? 'allow' : system.decision, classes: all }
  }
  const asks = matching.some(({ confirmRest }) => confirmRest)
  if (classes.length === SOURCE_CLASSES.length) return { decision: 'allow', asks: false, classes }
  if (classes.length > 0) return { decision: 'allow', asks, classes }
  const waits = handling === 10
  return { decision: waits ? 'confirm' : 'block', asks: waits, classes }
}
