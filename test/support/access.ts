import { AccessControl } from '../../src/core/presence/access/access-control.ts'
import { type AccessLevel, TELEPHONY_LEVEL } from '../../src/core/presence/access/access-level.ts'
import type { AccessControlDeps, AccessStore } from '../../src/core/presence/access/ports.ts'
import { type Rule, ruleKey } from '../../src/core/presence/access/rule.ts'
import { SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { silentLog } from '../../src/util/log.ts'
import { FakeClock } from './fake-clock.ts'

/** Keeps rules as a database would, for as long as it lives. */
export class MemoryAccessStore implements AccessStore {
  readonly levels = new Map<string, AccessLevel>([[TELEPHONY_LEVEL.name, TELEPHONY_LEVEL]])
  readonly rules = new Map<string, Rule>()
  isCrossDomain: boolean | undefined

  async load() {
    return { levels: [...this.levels.values()], rules: [...this.rules.values()] }
  }

  async putLevel(level: AccessLevel): Promise<void> {
    this.levels.set(level.name, level)
  }

  async removeLevel(name: string): Promise<void> {
    this.levels.delete(name)
  }

  async changeRules({ remove, put }: { remove: readonly Rule[]; put: readonly Rule[] }) {
    for (const rule of remove) this.rules.delete(ruleKey(rule))
    for (const rule of put) this.rules.set(ruleKey(rule), rule)
  }

  async crossDomain(): Promise<boolean | undefined> {
    return this.isCrossDomain
  }

  async setCrossDomain(on: boolean): Promise<void> {
    this.isCrossDomain = on
  }
}

/** A store in memory, where every domain is local unless `people` says otherwise. */
export function testAccessDeps(deps: Partial<AccessControlDeps> = {}): AccessControlDeps {
  return {
    store: new MemoryAccessStore(),
    grants: { isGranted: () => false },
    people: { isLocal: () => true, accountsWithAddressIn: async () => [] },
    clock: new FakeClock(),
    log: silentLog,
    classes: SOURCE_CLASSES,
    sameSystem: 'allow',
    crossDomain: true,
    ...deps,
  }
}

/** Without what a given store has already. */
export function testAccess(deps: Partial<AccessControlDeps> = {}): AccessControl {
  return new AccessControl(testAccessDeps(deps), { levels: [TELEPHONY_LEVEL], rules: [] })
}
