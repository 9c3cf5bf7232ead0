/**
 * Invitations: who has the token may become a contact of the inviter’s (XEP-0379), and may make himself an account
 * (XEP-0445) where the operator lets him. A token is good once, for a time, and kept as a hash only.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type BareJid, domainOf, localOf } from '../../core/address.ts'
import type { Subscriptions } from '../../core/presence/subscriptions.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { resourceConstraint } from '../errors.ts'
import { NS_CLIENT } from '../namespaces.ts'
import { serverStanza } from '../presence/subscription-stanza.ts'

export const NS_PARS = 'urn:xmpp:pars:0'

export interface Invitation {
  /** SHA-256 of the token, in hex. */
  readonly hash: string
  readonly inviter: BareJid
  /** Where an account may be made with it. */
  readonly domain: string
  /** The only one that may be; any, where absent. */
  readonly account: BareJid | undefined
  /** To become a contact, with an account or without; or to make an account. */
  readonly kind: 'contact' | 'account'
  /** Whether inviter and guest will see each other. */
  readonly befriends: boolean
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface InvitationStore {
  /** False, and nothing is kept, where the inviter has `max` that are still good. */
  add(invitation: Invitation, limits: { max: number; now: number }): Promise<boolean>
  find(hash: string): Promise<Invitation | undefined>
  /** Promised to somebody who has not come yet. */
  isReserved(account: BareJid, now: number): Promise<boolean>
  /** False where somebody else has taken it. */
  take(hash: string): Promise<boolean>
  /** What was taken in vain. */
  putBack(invitation: Invitation): Promise<void>
}

export interface InvitationsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: InvitationStore
  readonly subscriptions: Subscriptions
  readonly lifetimeMs: number
  /** Whether guests may make themselves accounts. */
  readonly makesAccounts: boolean
}

/** An invitation as its inviter gets it. */
export interface Issued {
  readonly uri: string
  readonly expiresAt: number
}

/** Of one user. */
export const MAX_INVITATIONS = 100
/** XEP-0401 §5.1 asks for letters and digits. */
const TOKEN_BYTES = 16
const MAX_TOKEN_CHARS = 256

export class Invitations {
  readonly makesAccounts: boolean
  readonly #deps: InvitationsDeps

  constructor(deps: InvitationsDeps) {
    this.#deps = deps
    this.makesAccounts = deps.makesAccounts
  }

  /** To become the inviter’s contact (XEP-0401 §5.1). Throws `StanzaError` resource-constraint. */
  async toContact(inviter: BareJid): Promise<Issued> {
    const wish = { inviter, domain: domainOf(inviter), account: undefined, befriends: true }
    const { token, expiresAt } = await this.#issue({ ...wish, kind: 'contact' })
    const ibr = this.makesAccounts ? ';ibr=y' : ''
    return { uri: `xmpp:${escaped(inviter)}?roster;preauth=${token}${ibr}`, expiresAt }
  }

  /** To make an account (XEP-0401 §5.4), this one where one is named. Throws `StanzaError` resource-constraint. */
  async toAccount(
    wish: Pick<Invitation, 'inviter' | 'domain' | 'account' | 'befriends'>,
  ): Promise<Issued> {
    const { token, expiresAt } = await this.#issue({ ...wish, kind: 'account' })
    const address = wish.account ? escaped(wish.account) : wish.domain
    return { uri: `xmpp:${address}?register;preauth=${token}`, expiresAt }
  }

  /** For somebody who is about to make an account there (XEP-0445 §4); `undefined` where it is not good for that. */
  async find(token: string, domain: string): Promise<Invitation | undefined> {
    const found = await this.#find(token)
    return this.makesAccounts && found?.domain === domain ? found : undefined
  }

  isReserved(account: BareJid): Promise<boolean> {
    return this.#deps.store.isReserved(account, this.#deps.clock.now())
  }

  /** Uses the invitation up for what `make` does; not, where that fails. False where somebody else has used it. */
  async use(invitation: Invitation, make: () => Promise<unknown>): Promise<boolean> {
    const { store } = this.#deps
    if (!(await store.take(invitation.hash))) return false
    try {
      await make()
    } catch (error) {
      await store.putBack(invitation)
      throw error
    }
    return true
  }

  /** Inviter and guest see each other from now on, and hear of it. */
  async befriend({ inviter }: Invitation, guest: BareJid): Promise<void> {
    await this.#approve(inviter, guest)
    await this.#approve(guest, inviter)
    await this.#request(guest, inviter)
    await this.#request(inviter, guest)
  }

  /**
   * The guest asks to see the inviter (XEP-0379 §3.4). With a good token he will be let in, and asked in turn, once the
   * answer, `asked`, is called; with any other his request is one as any.
   */
  async redeem(token: string, { inviter, guest }: { inviter: BareJid; guest: BareJid }) {
    const found = await this.#find(token)
    if (found?.inviter !== inviter || inviter === guest || found.kind !== 'contact')
      return undefined
    if (!(await this.#deps.store.take(found.hash))) return undefined
    await this.#approve(inviter, guest)
    this.#deps.log.info({ what: 'xmpp_invitation_redeemed', inviter, guest })
    return () => this.#request(inviter, guest)
  }

  async #issue(wish: Omit<Invitation, 'hash' | 'expiresAt'>) {
    const { clock, store, lifetimeMs } = this.#deps
    const now = clock.now()
    const token = randomBytes(TOKEN_BYTES).toString('hex')
    const expiresAt = now + lifetimeMs
    const invitation = { ...wish, hash: hashOf(token), expiresAt }
    if (!(await store.add(invitation, { max: MAX_INVITATIONS, now }))) {
      throw resourceConstraint('too many invitations are open')
    }
    return { token, expiresAt }
  }

  async #find(token: string): Promise<Invitation | undefined> {
    if (token === '' || token.length > MAX_TOKEN_CHARS) return undefined
    const found = await this.#deps.store.find(hashOf(token))
    return found && found.expiresAt > this.#deps.clock.now() ? found : undefined
  }

  #approve(user: BareJid, contact: BareJid): Promise<void> {
    return this.#deps.subscriptions.say(user, 'subscribed', contact)
  }

  #request(user: BareJid, contact: BareJid): Promise<void> {
    const stanza = serverStanza('subscribe', user, contact).toString(NS_CLIENT)
    return this.#deps.subscriptions.say(user, 'subscribe', contact, stanza)
  }
}

/** Who looks for a hash learns nothing of the token from the time that it takes. */
function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** RFC 5122 §2.2. */
function escaped(account: BareJid): string {
  return `${encodeURIComponent(localOf(account))}@${domainOf(account)}`
}
