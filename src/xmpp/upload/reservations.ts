/** Room kept for files that have a slot and have not begun to arrive. */
import type { Clock } from '../../util/clock.ts'
import type { Purpose } from './purpose.ts'
import type { Slot } from './slot-urls.ts'

export interface Room {
  readonly files: number
  readonly bytes: number
}

export class Reservations {
  readonly #clock: Clock
  /** Slots last equally long: those that end first stand first. */
  readonly #slots = new Map<string, Slot>()
  readonly #byAccount = new Map<string, Set<Slot>>()
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Of all. */
  get total(): Room {
    this.#prune()
    return { files: this.#slots.size, bytes: this.#bytes }
  }

  of(account: string, purposes?: readonly Purpose[]): Room {
    this.#prune()
    let [files, bytes] = [0, 0]
    for (const slot of this.#byAccount.get(account) ?? []) {
      if (purposes && !purposes.includes(slot.purpose)) continue
      files += 1
      bytes += slot.size
    }
    return { files, bytes }
  }

  /** When the first of the account's slots ends. */
  firstEnd(account: string): number | undefined {
    this.#prune()
    const [first] = this.#byAccount.get(account) ?? []
    return first?.until
  }

  add(slot: Slot): void {
    this.#slots.set(slot.id, slot)
    this.#bytes += slot.size
    const own = this.#byAccount.get(slot.account) ?? new Set()
    this.#byAccount.set(slot.account, own.add(slot))
  }

  /** It arrives now. */
  remove(id: string): void {
    const slot = this.#slots.get(id)
    if (!slot) return
    this.#slots.delete(id)
    this.#bytes -= slot.size
    const own = this.#byAccount.get(slot.account)
    own?.delete(slot)
    if (own?.size === 0) this.#byAccount.delete(slot.account)
  }

  #prune(): void {
    const now = this.#clock.now()
    for (const { id, until } of this.#slots.values()) {
      if (until > now) return
      this.remove(id)
    }
  }
}
