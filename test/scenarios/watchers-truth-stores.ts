/** Contact lists and rules in memory that take their time. */
import type { BareJid } from '../../src/core/address.ts'
import type { RosterItem } from '../../src/core/presence/roster-item.ts'
import type { SubscriptionStore } from '../../src/core/presence/subscriptions.ts'
import { MemoryAccessStore } from '../support/access.ts'

/** How long a database takes: it answers this many turns later. */
export class Delays {
  #next = 0
  readonly #turns: readonly number[]

  constructor(turns: readonly number[]) {
    this.#turns = turns
  }

  async wait(): Promise<void> {
    const turns = this.#turns[this.#next++ % this.#turns.length] ?? 0
    for (let n = 0; n < turns; n += 1) await null
  }
}

export class SlowLists implements SubscriptionStore {
  readonly #lists = new Map<BareJid, Map<BareJid, RosterItem>>()
  readonly #writing = new Map<BareJid, Promise<unknown>>()
  readonly #delays: Delays

  constructor(delays: Delays) {
    this.#delays = delays
  }

  item(account: BareJid, contact: BareJid): RosterItem | undefined {
    return this.#lists.get(account)?.get(contact)
  }

  async items(account: BareJid): Promise<ReadonlyMap<BareJid, RosterItem>> {
    await this.#delays.wait()
    return new Map(this.#lists.get(account))
  }

  update(...[account, contact, change, stored]: Parameters<SubscriptionStore['update']>) {
    // One change of a list after the other, as `ContactLists` does it.
    const done = (this.#writing.get(account) ?? Promise.resolve()).then(async () => {
      await this.#delays.wait()
      const list = this.#lists.get(account) ?? new Map<BareJid, RosterItem>()
      this.#lists.set(account, list)
      const before = list.get(contact)
      const after = change(before)
      if (after) list.set(contact, after)
      else list.delete(contact)
      stored?.({ before, after })
      return { before, after }
    })
    this.#writing.set(
      account,
      done.catch(() => undefined),
    )
    return done
  }

  async accountsWithRequests(): Promise<BareJid[]> {
    await this.#delays.wait()
    return [...this.#lists.keys()].filter((account) =>
      [...(this.#lists.get(account)?.values() ?? [])].some(({ pendingIn }) => pendingIn),
    )
  }
}

export class SlowRules extends MemoryAccessStore {
  readonly #delays: Delays

  constructor(delays: Delays) {
    super()
    this.#delays = delays
  }

  override async changeRules(change: Parameters<MemoryAccessStore['changeRules']>[0]) {
    await this.#delays.wait()
    await super.changeRules(change)
  }
}
