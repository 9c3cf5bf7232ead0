/**
 * Contacts that were nobody when they were added, and whose address a user has got since: each is
 * made that user on the list, and the subscription follows.
 */
import type { Log } from '../../util/log.ts'
import type { BareJid } from '../address.ts'
import { ContactError } from './contact.ts'
import type { Contacts } from './contacts.ts'

export interface ListedContact {
  readonly account: BareJid
  readonly contact: BareJid
}

export interface WaitingContact extends ListedContact {
  readonly awaits: string
}

export interface LateContactStore {
  /** Contacts of any list that wait for an address that the user has, and maybe others. */
  awaiting(user: BareJid): Promise<readonly ListedContact[]>
  /** Those of all users, in order. */
  allAwaiting(after: WaitingContact | undefined, limit: number): Promise<readonly WaitingContact[]>
}

export interface LateContactsDeps {
  readonly contacts: Pick<Contacts, 'match'>
  readonly store: LateContactStore
  readonly log: Log
}

/** Users with new addresses that may wait; with more, everybody is looked at instead. */
const MAX_WAITING = 10_000
const PAGE = 500

export class LateContacts implements AsyncDisposable {
  readonly #deps: LateContactsDeps
  readonly #users = new Set<BareJid>()
  #everybody = false
  #stopped = false
  #running: Promise<void> | undefined

  constructor(deps: LateContactsDeps) {
    this.#deps = deps
  }

  /** The user is new, or has another address. */
  addressesChanged(user: BareJid): void {
    if (this.#users.size < MAX_WAITING) this.#users.add(user)
    else this.#reviewLater()
    this.#start()
  }

  /** For what a crash kept from being done. */
  reviewAll(): void {
    this.#reviewLater()
    this.#start()
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.idle()
  }

  #reviewLater(): void {
    this.#everybody = true
    this.#users.clear()
  }

  #start(): void {
    this.#running ??= this.#run()
      .catch((err: unknown) => {
        this.#deps.log.error({ what: 'late_contacts_not_reviewed', err })
      })
      .finally(() => {
        this.#running = undefined
        if (!this.#isDone()) this.#start()
      })
  }

  async #run(): Promise<void> {
    while (!this.#isDone()) {
      const [user] = this.#users
      if (this.#everybody) {
        this.#everybody = false
        await this.#reviewPages()
      } else if (user !== undefined) {
        this.#users.delete(user)
        for (const one of await this.#deps.store.awaiting(user)) await this.#match(one)
      }
    }
  }

  #isDone(): boolean {
    return this.#stopped || (!this.#everybody && this.#users.size === 0)
  }

  async #reviewPages(): Promise<void> {
    let after: WaitingContact | undefined
    do {
      const page = await this.#deps.store.allAwaiting(after, PAGE)
      for (const one of page) await this.#match(one)
      after = page.at(-1)
    } while (after !== undefined && !this.#stopped)
  }

  /** A list that is full keeps its contact as he was. */
  async #match({ account, contact }: ListedContact): Promise<void> {
    const { contacts, log } = this.#deps
    if (this.#stopped) return
    try {
      if (await contacts.match(account, contact)) {
        log.info({ what: 'contact_matched', user: account, contact })
      }
    } catch (err) {
      if (!(err instanceof ContactError)) throw err
      log.warn({ what: 'contact_not_matched', user: account, contact, reason: err.message })
    }
  }
}
