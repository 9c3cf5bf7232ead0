/**
 * What administrators have the server tell its users (XEP-0133 §4.23 to §4.28): a message of the day to everybody once, and a
 * welcome to who is new. They are of a domain, in the database, and in memory for the many who sign in when there is none.
 */
import { type BareJid, domainOf, requireJid } from '../../core/address.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Log } from '../../util/log.ts'
import { randomId } from '../../util/random-id.ts'
import { type Element, xml } from '../../xml/element.ts'
import { XmppMessage } from '../messages/xmpp-message.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'

export type NoticeKind = 'motd' | 'welcome'

export interface Notice {
  readonly domain: string
  readonly kind: NoticeKind
  /** Another one for each that is to be told again. */
  readonly id: string
  readonly text: string
}

export interface NoticeStore {
  all(): Promise<readonly Notice[]>
  put(notice: Notice): Promise<void>
  remove(domain: string, kind: NoticeKind): Promise<void>
  /** False where the account has seen this one; it has from now on. */
  see(account: BareJid, id: string): Promise<boolean>
}

export interface NoticesDeps {
  readonly log: Log
  readonly store: NoticeStore
  readonly directory: Pick<Directory, 'onUserAdded'>
  readonly messaging: Pick<Messaging, 'mailbox'>
}

const MAX_CHARS = 10_000

export class Notices implements Disposable {
  readonly #deps: NoticesDeps
  readonly #notices = new Map<string, Notice>()
  readonly #watching: Disposable

  private constructor(deps: NoticesDeps, notices: readonly Notice[]) {
    this.#deps = deps
    for (const notice of notices) this.#notices.set(placeOf(notice), notice)
    this.#watching = deps.directory.onUserAdded((account) => this.#welcome(account))
  }

  /** Rejects where the database does. */
  static async open(deps: NoticesDeps): Promise<Notices> {
    return new Notices(deps, await deps.store.all())
  }

  text(domain: string, kind: NoticeKind): string | undefined {
    return this.#notices.get(placeOf({ domain, kind }))?.text
  }

  /** Resolves when it is stored. Of another id than the one before it is told everybody again. */
  async put(domain: string, kind: NoticeKind, text: string, isNew: boolean): Promise<void> {
    const before = this.#notices.get(placeOf({ domain, kind }))
    const id = isNew || !before ? randomId(12, 'hex') : before.id
    const notice = { domain, kind, id, text: text.slice(0, MAX_CHARS) }
    await this.#deps.store.put(notice)
    this.#notices.set(placeOf(notice), notice)
  }

  async remove(domain: string, kind: NoticeKind): Promise<void> {
    await this.#deps.store.remove(domain, kind)
    this.#notices.delete(placeOf({ domain, kind }))
  }

  /** A client has come: its user gets the message of the day, unless he has. Resolves when he has it. */
  greet(session: XmppSession): undefined | Promise<void> {
    if (this.#notices.size === 0) return undefined
    const motd = this.#notices.get(placeOf({ domain: session.jid.domain, kind: 'motd' }))
    return motd && this.#tell(session, motd)
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]()
  }

  async #tell(session: XmppSession, { id, text, domain }: Notice): Promise<void> {
    const { account } = session
    try {
      if (!(await this.#deps.store.see(account, id))) return
      session.send(messageOf(text, { from: domain, to: session.jid.full, type: 'headline' }))
    } catch (err) {
      this.#deps.log.error({ what: 'xmpp_motd_not_told', account, err })
    }
  }

  /** It waits in his mailbox for the first time that he comes. */
  #welcome(account: BareJid): void {
    const domain = domainOf(account)
    const text = this.text(domain, 'welcome')
    if (text === undefined) return
    const stanza = messageOf(text, { from: domain, to: account, type: 'normal' })
    const message = new XmppMessage(stanza, requireJid(domain), requireJid(account))
    this.#deps.messaging.mailbox.keep(account, message).catch((err: unknown) => {
      this.#deps.log.error({ what: 'xmpp_welcome_not_kept', account, err })
    })
  }
}

function placeOf({ domain, kind }: Pick<Notice, 'domain' | 'kind'>): string {
  return `${kind} ${domain}`
}

function messageOf(text: string, attrs: { from: string; to: string; type: string }): Element {
  return xml('message', { xmlns: NS_CLIENT, ...attrs }, xml('body', {}, text))
}
