/** Decisions by any set of rules, against docs/adr/0012-access-control.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Watcher } from '../../../../src/core/presence/access/access.ts'
import { ALL_LEVEL, covers, width } from '../../../../src/core/presence/access/access-level.ts'
import { ACTIONS, type NewRule } from '../../../../src/core/presence/access/rule.ts'
import { SOURCE_CLASSES, type SourceClass } from '../../../../src/core/presence/observation.ts'
import { ALICE, BOB, EVE, start } from './rig.ts'

describe('any set of rules', () => {
  const levels = [
    ALL_LEVEL,
    { name: 'Telephony', classes: ['phone'], inverted: false },
    { name: 'Work', classes: ['phone', 'calendar'], inverted: false },
    { name: 'Not phone', classes: ['phone'], inverted: true },
  ] as const
  const anyRule = fc.record({
    presentity: fc.constantFrom(ALICE, '@corp.example', '*'),
    watcher: fc.constantFrom(BOB, EVE, '@corp.example', '@partner.example', '@*', '*'),
    level: fc.constantFrom(...levels.map(({ name }) => name)),
    action: fc.constantFrom(...ACTIONS),
    enforced: fc.boolean(),
    refusesMessages: fc.constant(false),
  })

  /** The words of the ADR, literally and slowly. */
  function oracle(
    rules: readonly NewRule[],
    who: Watcher,
    granted: boolean,
    source: SourceClass,
  ): string {
    const rank = (one: NewRule) => {
      const level = levels.find(({ name }) => name === one.level) ?? ALL_LEVEL
      const domain = `@${who.address.split('@')[1]}`
      const presentities: string[] = [ALICE, '@corp.example', '*']
      const watchers: string[] = [who.address, 'grant', domain, '@*', '*']
      return [
        one.enforced ? 0 : 1,
        presentities.indexOf(one.presentity),
        watchers.indexOf(one.watcher),
        width(level),
        ['block', 'confirm', 'allow'].indexOf(one.action),
      ]
    }
    const speaking = rules
      .filter(({ action }) => action !== 'undefined')
      .filter((one) => rank(one)[2] !== -1 && !(one.watcher === '@*' && who.account))
      .filter((one) => !(one.watcher === '*' && one.action === 'allow' && !who.account))
      .filter((one) => {
        const level = levels.find(({ name }) => name === one.level)
        return level && covers(level, source)
      })
      .map((one) => ({ rank: rank(one), action: one.action as string }))
    if (granted) speaking.push({ rank: [1, 0, 1, 0, 0], action: 'allow' })
    speaking.sort((a, b) => {
      const at = a.rank.findIndex((value, index) => value !== b.rank[index])
      return at < 0 ? 0 : (a.rank[at] ?? 0) - (b.rank[at] ?? 0)
    })
    return speaking[0]?.action ?? (who.account ? 'allow' : 'confirm')
  }

  it('decides each class as the precedence says, in whatever order they came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRule, { maxLength: 8 }),
        fc.constantFrom(BOB, EVE),
        fc.boolean(),
        async (wanted, address, granted) => {
          const { access } = start({ grants: { isGranted: () => granted } })
          const who = access.watcher(address, 'sip')
          for (const level of levels.slice(2)) await access.putLevel({ ...level })
          await access.putAll(wanted)
          const rules = access.rules()
          const { reasons, access: got } = await access.explain(ALICE, who)
          assert.equal(reasons.length, SOURCE_CLASSES.length)
          for (const { class: source, action } of reasons) {
            assert.equal(action, oracle(rules, who, granted, source))
            assert.equal(got.visible.sees(source), action === 'allow')
          }
          assert.equal(
            got.asks,
            reasons.some(({ action }) => action === 'confirm'),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})
