/** Push services of users (`push_services`). */
import type { Database } from '../database.ts'
import type { PushServicesTable } from '../schema/push-services.ts'

export type PushServiceRow = Readonly<PushServicesTable>

export class PushServiceRows {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  /** In the order in which they were enabled last. */
  list(account: string): Promise<PushServiceRow[]> {
    return this.#database.kysely
      .selectFrom('push_services')
      .selectAll()
      .where('account', '=', account)
      .orderBy('enabled_at')
      .orderBy('jid')
      .orderBy('node')
      .execute()
  }

  /** In place of the same one; those that were enabled longest ago go where there are more than `max`. */
  put(row: PushServiceRow, max: number): Promise<void> {
    const { account, jid, node, ...rest } = row
    return this.#database.transaction(async (trx) => {
      await trx
        .insertInto('push_services')
        .values(row)
        .onConflict((conflict) => conflict.columns(['account', 'jid', 'node']).doUpdateSet(rest))
        .execute()
      const surplus = await trx
        .selectFrom('push_services')
        .select(['jid', 'node'])
        .where('account', '=', account)
        .orderBy('enabled_at', 'desc')
        .limit(1_000)
        .offset(max)
        .execute()
      for (const old of surplus) {
        await trx
          .deleteFrom('push_services')
          .where('account', '=', account)
          .where('jid', '=', old.jid)
          .where('node', '=', old.node)
          .execute()
      }
    })
  }

  /** All of the service's where no node is given; answers how many. */
  async remove(account: string, jid: string, node?: string): Promise<number> {
    const { numDeletedRows } = await this.#database.kysely
      .deleteFrom('push_services')
      .where('account', '=', account)
      .where('jid', '=', jid)
      .$if(node !== undefined, (query) => query.where('node', '=', node ?? ''))
      .executeTakeFirst()
    return Number(numDeletedRows)
  }
}
