/**
 * Messages for absent users by e-mail, in the domains that are so configured: the manual's SMTP command processor.
 * They wait in the database until they have been taken by a server, whatever happens meanwhile.
 */
import { type BareJid, domainOf } from '../core/address.ts'
import type { InstantMessage } from '../core/messaging/message.ts'
import { DomainForwarder, type ForwarderDeps } from './domain-forwarder.ts'
import { hasBeenMailed } from './mail.ts'
import { type Mailer, smtpMailer } from './mailer.ts'
import type { MailRoute } from './route.ts'

export interface MailForwardingDeps extends Omit<ForwarderDeps, 'mailer'> {
  /** SMTP, where not given. */
  readonly mailer?: (route: MailRoute) => Mailer
}

/** When the server starts, clients come back for what waits: they go first, where messages may wait at all. */
const AFTER_START_MS = 60_000

export class MailForwarding implements AsyncDisposable {
  readonly #routes: ReadonlyMap<string, MailRoute>
  readonly #forwarders: ReadonlyMap<string, DomainForwarder>

  private constructor(
    routes: ReadonlyMap<string, MailRoute>,
    forwarders: ReadonlyMap<string, DomainForwarder>,
  ) {
    this.#routes = routes
    this.#forwarders = forwarders
  }

  static async open(
    routes: readonly MailRoute[],
    { mailer = smtpMailer, ...deps }: MailForwardingDeps,
  ): Promise<MailForwarding> {
    const forwarders = new Map<string, DomainForwarder>()
    for (const route of routes) {
      const forwarder = new DomainForwarder(route, { ...deps, mailer: mailer(route) })
      forwarders.set(route.domain, forwarder)
      const next = await deps.store.nextDue(route.domain)
      if (next === undefined) continue
      const soonest = deps.clock.now() + Math.min(route.afterMs, AFTER_START_MS)
      forwarder.wakeAt(Math.max(next, soonest))
    }
    return new MailForwarding(new Map(routes.map((route) => [route.domain, route])), forwarders)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const forwarder of this.#forwarders.values()) await forwarder[Symbol.asyncDispose]()
  }

  /** Resolves when what was due by now has been worked on. */
  async idle(): Promise<void> {
    for (const forwarder of this.#forwarders.values()) await forwarder.idle()
  }

  /** When the message is to go, where it is kept at `now`; `undefined` where it is not to. */
  dueAt(account: BareJid, message: InstantMessage, now: number): number | undefined {
    const route = this.#routes.get(domainOf(account))
    if (!route || !isForMail(message)) return undefined
    const at = now + route.afterMs
    return (message.expiresAt ?? Number.POSITIVE_INFINITY) > at ? at : undefined
  }

  wakeAt(account: BareJid, instant: number): void {
    this.#forwarders.get(domainOf(account))?.wakeAt(instant)
  }
}

/** What a person reads, and did not ask to be forgotten (XEP-0334 §3.3). */
function isForMail({ body = '', offTheRecord }: InstantMessage): boolean {
  return body.trim() !== '' && !offTheRecord && !hasBeenMailed(body)
}
