/** The rules of access control (`access_rules`). What takes several calls is the caller's transaction. */
import type { Queryable } from '../database.ts'
import type { AccessRulesTable } from '../schema/access.ts'
import { flag } from '../schema/columns.ts'

export interface StoredAccessRule {
  readonly presentity: string
  readonly watcher: string
  readonly level: string
  readonly enforced: boolean
  readonly action: string
  readonly refusesMessages: boolean
  /** Milliseconds since the epoch. */
  readonly updatedAt: number
}

export type AccessRuleKey = Pick<StoredAccessRule, 'presentity' | 'watcher' | 'level' | 'enforced'>

/** Rules that are equal in every field that is given. */
export type AccessRuleFilter = Partial<AccessRuleKey & Pick<StoredAccessRule, 'action'>>

/** Well below the parameters that a statement may have on either database. */
const BATCH = 200

export class AccessRules {
  readonly #db: Queryable

  constructor(db: Queryable) {
    this.#db = db
  }

  /** In order of their keys. */
  async all(): Promise<StoredAccessRule[]> {
    const rows = await this.#db
      .selectFrom('access_rules')
      .selectAll()
      .orderBy('presentity')
      .orderBy('watcher')
      .orderBy('level')
      .orderBy('enforced')
      .execute()
    return rows.map(parseRow)
  }

  /** Writes or overwrites each; of two with the same key the later counts. */
  async put(rules: readonly StoredAccessRule[]): Promise<void> {
    // PostgreSQL refuses to write a row twice in one statement.
    const rows = [...new Map(rules.map((rule) => [keyText(rule), toRow(rule)])).values()]
    for (let at = 0; at < rows.length; at += BATCH) {
      await this.#db
        .insertInto('access_rules')
        .values(rows.slice(at, at + BATCH))
        .onConflict((conflict) =>
          conflict
            .columns(['presentity', 'watcher', 'level', 'enforced'])
            .doUpdateSet(({ ref }) => ({
              action: ref('excluded.action'),
              refuses_messages: ref('excluded.refuses_messages'),
              updated_at: ref('excluded.updated_at'),
            })),
        )
        .execute()
    }
  }

  /** Answers how many there were; an empty filter is every rule. */
  async remove(filter: AccessRuleFilter): Promise<number> {
    const { enforced, ...texts } = filter
    let query = this.#db.deleteFrom('access_rules')
    for (const column of ['presentity', 'watcher', 'level', 'action'] as const) {
      const value = texts[column]
      if (value !== undefined) query = query.where(column, '=', value)
    }
    if (enforced !== undefined) query = query.where('enforced', '=', flag(enforced))
    const { numDeletedRows } = await query.executeTakeFirst()
    return Number(numDeletedRows)
  }

  /** Those of them that are there. */
  async removeAll(keys: readonly AccessRuleKey[]): Promise<void> {
    for (let at = 0; at < keys.length; at += BATCH) {
      await this.#db
        .deleteFrom('access_rules')
        .where((where) =>
          where.or(
            keys
              .slice(at, at + BATCH)
              .map(({ presentity, watcher, level, enforced }) =>
                where.and({ presentity, watcher, level, enforced: flag(enforced) }),
              ),
          ),
        )
        .execute()
    }
  }

  /** Every rule with this pattern on either side: it means nobody any more. */
  async removeAbout(pattern: string): Promise<void> {
    await this.#db
      .deleteFrom('access_rules')
      .where((where) =>
        where.or([where('presentity', '=', pattern), where('watcher', '=', pattern)]),
      )
      .execute()
  }
}

function keyText({ presentity, watcher, level, enforced }: AccessRuleKey): string {
  return JSON.stringify([presentity, watcher, level, enforced])
}

function toRow({
  enforced,
  refusesMessages,
  updatedAt,
  ...same
}: StoredAccessRule): AccessRulesTable {
  return {
    ...same,
    enforced: flag(enforced),
    refuses_messages: flag(refusesMessages),
    updated_at: updatedAt,
  }
}

function parseRow({
  enforced,
  refuses_messages,
  updated_at,
  ...same
}: AccessRulesTable): StoredAccessRule {
  return {
    ...same,
    enforced: enforced === 1,
    refusesMessages: refuses_messages === 1,
    updatedAt: updated_at,
  }
}
