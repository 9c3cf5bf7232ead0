/**
 * What waits for users in all of their mailboxes: those that voicemail systems publish, and the instant
 * messages that wait here for somebody who has no client to take them.
 */
import type { BareJid } from '../../../core/address.ts'
import type { Mailbox } from '../../../core/messaging/mailbox.ts'
import { type MessageSummary, mergeSummaries } from '../../../formats/message-summary.ts'
import type { PublishedState } from '../event-package.ts'

export class MailboxStates {
  readonly #mailbox: Pick<Mailbox, 'count' | 'onChange'>
  readonly #published = new Map<BareJid, Map<string, MessageSummary>>()
  readonly #listeners = new Set<(account: BareJid) => void>()

  constructor(mailbox: Pick<Mailbox, 'count' | 'onChange'>) {
    this.#mailbox = mailbox
  }

  onChange(listener: (account: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    const own = this.#mailbox.onChange(listener)
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(listener)
        own[Symbol.dispose]()
      },
    }
  }

  put({ id, presentity }: PublishedState, summary: MessageSummary): void {
    const known = this.#published.get(presentity)
    if (known) known.set(id, summary)
    else this.#published.set(presentity, new Map([[id, summary]]))
    this.#tell(presentity)
  }

  remove({ id, presentity }: PublishedState): void {
    const known = this.#published.get(presentity)
    if (!known?.delete(id)) return
    if (known.size === 0) this.#published.delete(presentity)
    this.#tell(presentity)
  }

  /** `entity` stands for all mailboxes of a user who has several (RFC 3842 §3.5). */
  async of(account: BareJid, entity: string): Promise<MessageSummary> {
    const published = [...(this.#published.get(account)?.values() ?? [])]
    const texts = await this.#mailbox.count(account)
    const own: MessageSummary = {
      waiting: texts > 0,
      counts: new Map([['Text-Message', { new: texts, old: 0 }]]),
    }
    const accounts = new Set(published.flatMap(({ account: one }) => one ?? []))
    const merged = mergeSummaries([...published, own])
    return accounts.size > 1 ? { ...merged, account: entity } : merged
  }

  #tell(account: BareJid): void {
    for (const listener of this.#listeners) listener(account)
  }
}
