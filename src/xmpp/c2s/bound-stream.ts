/**
 * A stream with a resource (RFC 6120 §8): stanzas, and what manages them: acknowledgements and resumption
 * (XEP-0198), and whether somebody looks at the client (XEP-0352).
 */
import type { Log } from '../../util/log.ts'
import { type Element, xml } from '../../xml/element.ts'
import { HoldBack, NS_CSI } from '../client-state.ts'
import { errorReply, internalServerError, StanzaError, StreamError } from '../errors.ts'
import type { StanzaHandler, XmppSession } from '../session.ts'
import type { Carrier, ManagedSession } from '../stream-management/managed-session.ts'
import { answer, countOf, failed, NS_SM } from '../stream-management/nonzas.ts'
import type { StreamManagement } from '../stream-management/stream-management.ts'
import { Idleness, type IdlenessDeps } from './idleness.ts'
import { acceptStanza, answerHere, checkStanza, countStanza } from './stanza-checks.ts'
import type { StreamConnection, StreamEnd } from './stream-connection.ts'

export interface BoundStreamDeps extends IdlenessDeps {
  readonly log: Log
  readonly handler: StanzaHandler
  readonly management: StreamManagement
}

export class BoundStream implements Carrier {
  readonly session: XmppSession
  readonly #deps: BoundStreamDeps
  readonly #connection: StreamConnection
  readonly #idleness: Idleness
  /** Of stanzas that name none (§8.1.5). */
  readonly #lang: string | undefined
  #managed: ManagedSession | undefined
  /** The stanza that is being worked on. */
  #inHand: Promise<void> | undefined
  #isReleased = false

  constructor(
    deps: BoundStreamDeps,
    connection: StreamConnection,
    session: XmppSession,
    lang: string | undefined,
  ) {
    this.#deps = deps
    this.#connection = connection
    this.session = session
    this.#lang = lang
    this.#idleness = new Idleness(deps, connection, session)
  }

  element(element: Element): void | Promise<void> {
    if (element.ns === NS_SM) return this.#manage(element)
    if (element.ns === NS_CSI) return this.indicate(element)
    return this.#stanza(element)
  }

  /** Carries a session that another stream carried: what the client has not got is sent again. */
  resume(managed: ManagedSession): void {
    this.#managed = managed
    managed.carrier = this
    this.#deps.management.carried(managed)
    managed.outbox.attach(this.#connection)
  }

  release(): Promise<void> | undefined {
    this.#isReleased = true
    this.#connection.close(new StreamError('conflict', 'the session goes on on another stream'))
    return this.#inHand
  }

  ended(how: StreamEnd): void {
    this.#idleness.stop()
    if (this.#isReleased) return
    const { management } = this.#deps
    if (this.#managed && how === 'lost') management.park(this.#managed, this.#inHand)
    else management.end(this.session, this.#managed, this.#inHand)
  }

  #manage(element: Element): void {
    switch (element.name) {
      case 'enable':
        this.#connection.write(String(this.enable(element)))
        return
      case 'r':
        if (this.#managed) this.#connection.write(String(answer(this.#managed.handled.value)))
        return
      case 'a':
        this.#acknowledged(element)
        return
      default:
        // §5: a stream with a resource has a session.
        this.#connection.write(String(failed('unexpected-request')))
    }
  }

  /** Stanzas are counted (XEP-0198). */
  get isManaged(): boolean {
    return this.#managed !== undefined
  }

  /** XEP-0198 §3; answers what the client is told. */
  enable(wish: Element): Element {
    const { management } = this.#deps
    if (this.#managed) {
      this.#connection.write(String(failed('unexpected-request')))
      // §3: "it SHOULD respond with a stream error".
      throw new StreamError('policy-violation', 'stream management is enabled already')
    }
    this.#managed = management.enable(this.session, this.#connection, wish)
    this.#managed.carrier = this
    return management.enabled(this.#managed)
  }

  #acknowledged(element: Element): void {
    const h = countOf(element)
    if (!this.#managed || h === undefined) return
    if (!this.#managed.outbox.acknowledge(h)) throw countTooHigh(h, this.#managed.outbox.sent)
  }

  /** XEP-0352 §4. */
  indicate({ name }: Element): undefined {
    const { wire } = this.session
    if (name === 'inactive' && !(wire instanceof HoldBack)) this.session.wire = new HoldBack(wire)
    if (name !== 'active' || !(wire instanceof HoldBack)) return
    wire.release()
    this.session.wire = wire.wire
  }

  #stanza(element: Element): void | Promise<void> {
    const { session } = this
    const stanza = acceptStanza(element, session.jid, this.#lang)
    try {
      countStanza(stanza.name)
      checkStanza(stanza)
      const here = answerHere(stanza, session.jid)
      if (here) session.send(here)
      else {
        const pending = this.#deps.handler.stanza(session, stanza)
        if (pending instanceof Promise) return this.#waitFor(stanza, pending)
      }
    } catch (error) {
      this.#answerError(stanza, error)
    }
    this.#managed?.handled.increment()
  }

  #waitFor(stanza: Element, pending: Promise<void>): Promise<void> {
    const done = pending
      .catch((error: unknown) => this.#answerError(stanza, error))
      .then(() => this.#managed?.handled.increment())
    this.#inHand = done.finally(() => {
      this.#inHand = undefined
    })
    return this.#inHand
  }

  #answerError(stanza: Element, error: unknown): void {
    if (error instanceof StreamError) throw error
    const refusal = error instanceof StanzaError ? error : internalServerError()
    if (refusal !== error) {
      this.#deps.log.error({ what: 'xmpp_stanza_failed', name: stanza.name, err: error })
    }
    const reply = errorReply(stanza, refusal)
    if (reply) this.session.send(reply)
  }
}

/** XEP-0198 §6. */
export function countTooHigh(h: number, sent: number): StreamError {
  return new StreamError(
    'undefined-condition',
    `You acknowledged ${h} stanzas, but only ${sent} were sent.`,
    xml('handled-count-too-high', { xmlns: NS_SM, h: String(h), 'send-count': String(sent) }),
  )
}
