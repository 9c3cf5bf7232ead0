/** What this server itself asks others by `iq` (RFC 6120 §8.2.3), and who waits for the answer. */
import { type BareJid, type Jid, parseJid } from '../core/address.ts'
import type { Clock, Timer } from '../util/clock.ts'
import { randomId } from '../util/random-id.ts'
import { type Element, xml } from '../xml/element.ts'
import {
  remoteServerNotFound,
  remoteServerTimeout,
  resourceConstraint,
  StanzaError,
  type StanzaErrorType,
  serviceUnavailable,
} from './errors.ts'
import type { LocalSessions } from './local-sessions.ts'
import { NS_CLIENT, NS_STANZA_ERRORS } from './namespaces.ts'
import type { Outside } from './outside.ts'

export interface QuestionsDeps {
  readonly clock: Clock
  readonly directory: { isLocal(domain: string): boolean }
  readonly sessions: LocalSessions
  readonly outside: Outside
}

export interface Question {
  readonly type: 'get' | 'set'
  /** One of our domains. */
  readonly from: BareJid
  /** A client of ours by its full JID, or somebody outside. */
  readonly to: Jid
  readonly payload: Element
}

interface Waiting {
  readonly to: string
  readonly deadline: Timer
  readonly settle: PromiseWithResolvers<Element | undefined>
}

/** Nobody is asked anything while so many have not answered. */
const MAX_WAITING = 10_000
const DEADLINE_MS = 30_000

export class Questions implements Disposable {
  readonly #deps: QuestionsDeps
  readonly #waiting = new Map<string, Waiting>()

  constructor(deps: QuestionsDeps) {
    this.#deps = deps
  }

  /** The payload of the result. Rejects with `StanzaError`, also where no answer comes in time. */
  async ask(question: Question, deadlineMs: number = DEADLINE_MS): Promise<Element | undefined> {
    if (this.#waiting.size >= MAX_WAITING) throw resourceConstraint('too many open questions')
    const { type, from, to, payload } = question
    const id = randomId(12, 'base64url')
    const settle = Promise.withResolvers<Element | undefined>()
    const deadline = this.#deps.clock.after(deadlineMs, () => {
      this.#waiting.delete(id)
      settle.reject(remoteServerTimeout())
    })
    this.#waiting.set(id, { to: to.full, deadline, settle })
    try {
      this.#send(xml('iq', { xmlns: NS_CLIENT, type, id, from, to: to.full }, payload), to)
      return await settle.promise
    } finally {
      deadline.cancel()
      this.#waiting.delete(id)
    }
  }

  /** A result or an error came for one of our domains. Only who was asked can answer. */
  answered(stanza: Element): void {
    const waiting = this.#waiting.get(stanza.attr('id') ?? '')
    if (!waiting || parseJid(stanza.attr('from') ?? '')?.full !== waiting.to) return
    if (stanza.attr('type') === 'error') waiting.settle.reject(errorOf(stanza))
    else {
      const [payload] = stanza.elements()
      waiting.settle.resolve(payload)
    }
  }

  /** Nobody waits any more. */
  [Symbol.dispose](): void {
    for (const { settle } of this.#waiting.values()) settle.reject(remoteServerTimeout())
  }

  #send(stanza: Element, to: Jid): void {
    const { directory, sessions, outside } = this.#deps
    if (directory.isLocal(to.domain)) {
      if (!sessions.get(to.bare, to.resource)?.send(stanza)) throw serviceUnavailable()
      return
    }
    if (!outside.reaches(to.domain)) throw remoteServerNotFound()
    outside.require(stanza, to.domain)
  }
}

const TYPES: readonly StanzaErrorType[] = ['auth', 'cancel', 'continue', 'modify', 'wait']

/** As somebody else worded it; the condition is not looked at, since it may be any. */
function errorOf(stanza: Element): StanzaError {
  const error = stanza.child('error')
  const type = TYPES.find((known) => known === error?.attr('type')) ?? 'cancel'
  const condition = error?.child(undefined, NS_STANZA_ERRORS)?.name
  return new StanzaError(type, 'undefined-condition', condition)
}
