/** Sends what one domain's users have missed by e-mail, when it is due: one mail after the other. */
import { type BareJid, requireJid } from '../core/address.ts'
import type { MessageAccess } from '../core/messaging/messaging.ts'
import type { Sessions } from '../core/sessions.ts'
import type { User } from '../directory/user.ts'
import type { DueMail, OfflineMail } from '../storage/stores/offline-mail.ts'
import type { Clock, Timer } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { counter } from '../util/metrics.ts'
import { type RateLimit, spend, waitMs } from '../util/rate.ts'
import { addressOf } from './addressee.ts'
import { compose, firstMail, type Missed, type Person } from './mail.ts'
import type { Mailer, MailOutcome } from './mailer.ts'
import type { MailRoute } from './route.ts'

export interface ForwarderDeps {
  readonly clock: Clock
  readonly log: Log
  readonly store: OfflineMail
  readonly sessions: Sessions
  readonly access: Pick<MessageAccess, 'mayExchangeMessages'>
  readonly directory: { user(account: BareJid): Promise<User | undefined> }
  readonly mailer: Mailer
}

/** Looked at together: what one user has waiting at most, by default. */
const AT_ONCE = 1_000
/** A client that is there may be reading what waits for it. */
const WHILE_ONLINE_MS = 5 * 60_000
const FIRST_RETRY_MS = 60_000
const LAST_RETRY_MS = 4 * 3_600_000
/** Two days of them. */
const MAX_TRIES = 18
const HOUR_SECONDS = 3_600

const mailed = counter({
  name: 'heliograph_smtp_mails_total',
  help: 'E-mails with messages that waited, by what became of them.',
  labels: ['outcome'],
})

export class DomainForwarder implements AsyncDisposable {
  readonly #route: MailRoute
  readonly #deps: ForwarderDeps
  readonly #rate: RateLimit
  /** By account: when the mails that he got have been paid for. */
  readonly #paidAt = new Map<BareJid, number>()
  readonly #stopping = new AbortController()
  #timer: Timer | undefined
  #wakesAt = Number.POSITIVE_INFINITY
  #working: Promise<void> | undefined
  /** Something became due while it worked. */
  #isOverdue = false
  /** Times in a row that the server could not be used, and until when nobody tries again. */
  #failures = 0
  #pausedUntil = 0

  constructor(route: MailRoute, deps: ForwarderDeps) {
    this.#route = route
    this.#deps = deps
    this.#rate = { perSecond: route.perHour / HOUR_SECONDS, burst: route.perHour - 1 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort()
    this.#timer?.cancel()
    await this.idle()
  }

  /** Resolves when what was due by now has been worked on. */
  async idle(): Promise<void> {
    await this.#working
  }

  /** Something is due at that instant. */
  wakeAt(instant: number): void {
    if (this.#stopping.signal.aborted) return
    const at = Math.max(instant, this.#pausedUntil)
    if (at >= this.#wakesAt) return
    this.#timer?.cancel()
    this.#wakesAt = at
    this.#timer = this.#deps.clock.after(at - this.#deps.clock.now(), () => this.#wake())
  }

  #wake(): void {
    this.#wakesAt = Number.POSITIVE_INFINITY
    if (this.#working !== undefined) {
      this.#isOverdue = true
      return
    }
    this.#working = this.#cycle().finally(() => {
      this.#working = undefined
      if (this.#isOverdue) this.wakeAt(this.#deps.clock.now())
    })
  }

  async #cycle(): Promise<void> {
    this.#isOverdue = false
    try {
      await this.#work()
      if (this.#stopping.signal.aborted) return
      const next = await this.#deps.store.nextDue(this.#route.domain)
      if (next !== undefined) this.wakeAt(next)
    } catch (err) {
      this.#failed(err)
    }
  }

  async #work(): Promise<void> {
    const { store, clock } = this.#deps
    const found = await store.due(this.#route.domain, clock.now(), AT_ONCE)
    const [due, outdated] = split(found, ({ expiresAt }) => (expiresAt ?? Infinity) > clock.now())
    await store.put(idsOf(outdated), { at: undefined })
    const byAccount = Map.groupBy(due, ({ account }) => requireJid(account).bare)
    for (const [account, kept] of byAccount) {
      if (this.#isHeld) return
      await this.#forward(account, kept)
    }
  }

  /** The database does not answer, say. */
  #failed(err: unknown): void {
    if (this.#stopping.signal.aborted) return
    const { domain } = this.#route
    this.#deps.log.error({ what: 'mail_forwarding_failed', domain, err })
    this.#pausedUntil = this.#deps.clock.now() + FIRST_RETRY_MS
    this.wakeAt(this.#pausedUntil)
  }

  get #isHeld(): boolean {
    return this.#stopping.signal.aborted || this.#deps.clock.now() < this.#pausedUntil
  }

  async #forward(account: BareJid, kept: readonly DueMail[]): Promise<void> {
    const { store, clock, sessions, directory, access } = this.#deps
    if (sessions.of(account).some(({ protocol }) => protocol === 'xmpp')) {
      const at = clock.now() + Math.max(this.#route.afterMs, WHILE_ONLINE_MS)
      return store.put(idsOf(kept), { at })
    }
    const user = await directory.user(account)
    const address = user && !user.disabled ? addressOf(user, this.#route) : undefined
    const bySender = Map.groupBy(kept, ({ sender }) => requireJid(sender).bare)
    for (const [sender, messages] of bySender) {
      if (this.#isHeld) return
      const isBlocked = account !== sender && !access.mayExchangeMessages(account, sender)
      if (!user || address === undefined || isBlocked) {
        await store.put(idsOf(messages), { at: undefined })
        continue
      }
      await this.#mail(messages, { sender, account, recipient: { address, name: user.name } })
    }
  }

  /** As many mails as it takes, and as he may get now. */
  async #mail(
    messages: readonly DueMail[],
    { sender, account, recipient }: { sender: BareJid; account: BareJid; recipient: Person },
  ): Promise<void> {
    const { clock, store, directory, mailer } = this.#deps
    const name = (await directory.user(sender))?.name ?? ''
    let rest = messages
    while (!this.#isHeld) {
      // Mails take their time: he may have signed in meanwhile, and have got it all.
      const there = await store.present(idsOf(rest))
      rest = rest.filter(({ id }) => there.has(id))
      if (rest.length === 0) return
      const wait = waitMs(this.#rate, this.#paidAt.get(account) ?? 0, clock.now())
      if (wait > 0) return store.put(idsOf(rest), { at: Math.ceil(clock.now() + wait) })
      const batch = rest.slice(0, firstMail(rest.map(missedOf)).length)
      rest = rest.slice(batch.length)
      const missed = batch.map(missedOf)
      const mail = compose(this.#route, { sender: { address: sender, name }, recipient, missed })
      const outcome = await mailer.send(mail, this.#stopping.signal)
      if (this.#stopping.signal.aborted && outcome.kind !== 'sent') return
      mailed.inc({ outcome: outcome.kind })
      await this.#settle(account, batch, outcome)
    }
  }

  async #settle(account: BareJid, batch: readonly DueMail[], outcome: MailOutcome): Promise<void> {
    const { clock, store, log } = this.#deps
    const ids = idsOf(batch)
    const { domain, keep } = this.#route
    if (outcome.kind === 'unavailable') return this.#pause(outcome.reason)
    this.#failures = 0
    if (outcome.kind === 'sent') {
      this.#spend(account)
      log.info({ what: 'messages_mailed', account, messages: ids.length })
      return keep ? store.put(ids, { at: undefined }) : store.remove(ids)
    }
    const { reason } = outcome
    const tries = Math.max(...batch.map((message) => message.tries)) + 1
    // It stays where it is, for when he signs in.
    if (outcome.kind === 'refused' || tries >= MAX_TRIES) {
      log.warn({ what: 'mail_refused', domain, account, reason, tries })
      return store.put(ids, { at: undefined, tries })
    }
    log.info({ what: 'mail_deferred', domain, account, reason, tries })
    await store.put(ids, { at: clock.now() + delayAfter(tries), tries })
  }

  #pause(reason: string): void {
    const { clock, log } = this.#deps
    const { domain, host } = this.#route
    this.#failures += 1
    const delayMs = delayAfter(this.#failures)
    log.warn({ what: 'mail_server_unavailable', domain, host, reason, retryMs: delayMs })
    this.#pausedUntil = clock.now() + delayMs
  }

  #spend(account: BareJid): void {
    const now = this.#deps.clock.now()
    const paidAt = spend(this.#rate, this.#paidAt.get(account) ?? 0, now, 1)
    this.#paidAt.delete(account)
    this.#paidAt.set(account, paidAt)
    // The oldest first: those that have been paid for say nothing any more.
    for (const [known, at] of this.#paidAt) {
      if (at > now) break
      this.#paidAt.delete(known)
    }
  }
}

function delayAfter(failures: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 20))
}

function split<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))]
}

function idsOf(kept: readonly DueMail[]): number[] {
  return kept.map(({ id }) => id)
}

function missedOf({ id, body = '', subject, storedAt }: DueMail): Missed {
  return { id, body, subject, at: storedAt }
}
