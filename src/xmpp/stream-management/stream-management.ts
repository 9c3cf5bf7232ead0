/** XEP-0198 for all streams: who may go on, who waits for his client, and how a session ends. */
import { randomBytes } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { Sessions } from '../../core/sessions.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { counter, gauge } from '../../util/metrics.ts'
import { type Element, xml } from '../../xml/element.ts'
import type { Unfinished } from '../c2s/unfinished.ts'
import { HoldBack } from '../client-state.ts'
import { StreamError } from '../errors.ts'
import type { StanzaHandler, Wire, XmppSession } from '../session.ts'
import { ManagedSession, type Resumable } from './managed-session.ts'
import { isTrue, NS_SM } from './nonzas.ts'
import { Outbox, type OutboxLimits } from './outbox.ts'
import { Resumptions } from './resumptions.ts'

export interface StreamManagementConfig extends OutboxLimits {
  /** How long a session waits for its client; 0 where none does. */
  readonly resumeForMs: number
}

export interface StreamManagementDeps {
  readonly clock: Clock
  readonly log: Log
  readonly config: StreamManagementConfig
  readonly sessions: Sessions
  readonly handler: Pick<StanzaHandler, 'clientLost' | 'closed' | 'undelivered' | 'waits'>
  readonly unfinished: Unfinished
}

const bound = gauge({ name: 'heliograph_xmpp_sessions', help: 'Bound resources of XMPP clients.' })
const resumed = counter({
  name: 'heliograph_xmpp_resumptions_total',
  help: 'Clients that came back for their session (XEP-0198), by what they got.',
  labels: ['result'],
})

export class StreamManagement {
  readonly #deps: StreamManagementDeps
  readonly #resumptions: Resumptions

  constructor(deps: StreamManagementDeps) {
    this.#deps = deps
    this.#resumptions = new Resumptions(deps.clock)
  }

  /** A session has begun. */
  began(session: XmppSession): void {
    this.#deps.sessions.bind(session)
    bound.inc()
  }

  /** Counts what the session is sent from now on (§3); `stream` carries it. */
  enable(session: XmppSession, stream: Wire, wish: Element): ManagedSession {
    const { clock, config, handler, log } = this.#deps
    const outbox: Outbox = new Outbox(
      {
        clock,
        limits: config,
        overflowed: () => {
          log.info({ what: 'xmpp_unacknowledged_overflow', account: session.account })
          session.close(new StreamError('resource-constraint', 'too much is unacknowledged'))
        },
        waits: () => handler.waits(session, outbox.unacknowledged),
        abandoned: () => this.end(managed.session, managed),
      },
      stream,
    )
    const managed = new ManagedSession(session, outbox, this.#resumable(wish))
    this.#counted(session, outbox)
    this.#resumptions.add(managed)
    return managed
  }

  /** What the client is told of it. */
  enabled({ resumable }: ManagedSession): Element {
    if (!resumable) return xml('enabled', { xmlns: NS_SM })
    const max = String(Math.floor(resumable.forMs / 1000))
    return xml('enabled', { xmlns: NS_SM, id: resumable.id, resume: 'true', max })
  }

  /**
   * The session that the client comes back for (§5), with nobody carrying it any more; `undefined` where there
   * is none for this account.
   */
  async claim(account: BareJid, id: string): Promise<ManagedSession | undefined> {
    const managed = this.#resumptions.claim(id, account)
    resumed.inc({ result: managed ? 'resumed' : 'not_found' })
    if (!managed) return undefined
    if (managed.carrier) this.#detach(managed, managed.carrier.release())
    // What was said there comes before what will be said here, and is counted.
    await managed.inHand?.catch(() => undefined)
    return managed
  }

  handledBy(id: string, account: BareJid): number | undefined {
    return this.#resumptions.handledBy(id, account)
  }

  /** A stream carries it again. */
  carried(managed: ManagedSession): void {
    this.#resumptions.add(managed)
  }

  /** Its stream has gone without an end: the client may come back. */
  park(managed: ManagedSession, inHand: Promise<void> | undefined): void {
    this.#detach(managed, inHand)
    const { session, outbox, resumable } = managed
    if (!resumable) {
      this.end(session, managed, inHand)
      return
    }
    this.#resumptions.park(managed, () => this.end(session, managed, managed.inHand))
    const { unacknowledged } = outbox
    if (unacknowledged.length > 0) this.#deps.handler.clientLost(session, unacknowledged)
  }

  /** Who is inactive stays so. */
  #counted(session: XmppSession, outbox: Outbox): void {
    const { wire } = session
    if (wire instanceof HoldBack) wire.release()
    session.wire = wire instanceof HoldBack ? new HoldBack(outbox) : outbox
  }

  #detach(managed: ManagedSession, inHand: Promise<void> | undefined): void {
    managed.carrier = undefined
    managed.inHand = inHand
    managed.outbox.detach()
    // Whoever comes back is active (XEP-0352 §5).
    if (managed.session.wire instanceof HoldBack) managed.session.wire.release()
    managed.session.wire = managed.outbox
  }

  /** It is over. `inHand`, where given, is the last thing that it said and that is being worked on. */
  end(session: XmppSession, managed: ManagedSession | undefined, inHand?: Promise<void>): void {
    if (session.departure !== undefined) return
    managed?.outbox.detach()
    if (managed) this.#resumptions.remove(managed)
    bound.dec()
    this.#deps.sessions.unbind(session)
    session.departure = this.#leave(session, managed, inHand)
    this.#deps.unfinished.add(session.departure)
  }

  /** Ends those that wait for their clients. */
  endParked(): void {
    for (const managed of this.#resumptions.parked) this.end(managed.session, managed)
  }

  /** Nobody is told that the session has gone before the last thing that it said has had its effect. */
  async #leave(
    session: XmppSession,
    managed: ManagedSession | undefined,
    inHand: Promise<void> | undefined,
  ): Promise<void> {
    const { handler, log } = this.#deps
    try {
      if (inHand !== undefined) await inHand.catch(() => undefined)
      await handler.closed(session)
      const stanzas = managed?.outbox.unacknowledged ?? []
      if (stanzas.length > 0) await handler.undelivered(session, stanzas)
    } catch (error) {
      log.error({ what: 'xmpp_session_close_failed', err: error })
    }
  }

  #resumable(wish: Element): Resumable | undefined {
    const { resumeForMs } = this.#deps.config
    if (!isTrue(wish.attr('resume')) || resumeForMs === 0) return undefined
    const max = Number(wish.attr('max') ?? Number.POSITIVE_INFINITY) * 1000
    const forMs = max > 0 ? Math.min(max, resumeForMs) : resumeForMs
    return { id: randomBytes(24).toString('base64url'), forMs }
  }
}
