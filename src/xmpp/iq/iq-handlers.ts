/** Who answers which `iq`: by scope, type, namespace and name of what it carries. */
import type { BareJid, Jid } from '../../core/address.ts'
import type { Element } from '../../xml/element.ts'
import { serviceUnavailable } from '../errors.ts'
import type { XmppSession } from '../session.ts'

export interface IqRequest {
  /** The client that asks; `undefined` where somebody outside does. */
  readonly session: XmppSession | undefined
  readonly from: Jid
  /** The bare JID that is asked: an account, or one of our domains. */
  readonly to: BareJid
  readonly stanza: Element
  /** The one child element of the stanza. */
  readonly payload: Element
  /** Answers now, for a handler that has more to send after its answer; it then returns `REPLIED`. */
  reply(payload?: Element): void
}

/** For what only a client of ours can ask for. Throws `StanzaError`. */
export function requireSession({ session }: IqRequest): XmppSession {
  if (!session) throw serviceUnavailable()
  return session
}

export const REPLIED = Symbol('replied')

/** What is returned becomes the result, `undefined` an empty one. Throws `StanzaError` to refuse. */
export type IqAnswer = Element | undefined | typeof REPLIED
export type IqHandler = (request: IqRequest) => IqAnswer | Promise<IqAnswer>

type IqType = 'get' | 'set'

/** Handlers for one kind of address. */
export class IqScope {
  readonly #handlers = new Map<string, IqHandler>()

  get(ns: string, name: string, handler: IqHandler): void {
    this.#add('get', ns, name, handler)
  }

  set(ns: string, name: string, handler: IqHandler): void {
    this.#add('set', ns, name, handler)
  }

  find(type: IqType, payload: Element): IqHandler | undefined {
    return this.#handlers.get(key(type, payload.ns, payload.name))
  }

  /** Throws where the place is taken: two modules that answer the same are a bug. */
  #add(type: IqType, ns: string, name: string, handler: IqHandler): void {
    const place = key(type, ns, name)
    if (this.#handlers.has(place)) throw new Error(`two handlers for iq ${place}`)
    this.#handlers.set(place, handler)
  }
}

export interface IqHandlers {
  /** `iq` to one of our domains (RFC 6120 §10.5.1). */
  readonly server: IqScope
  /** `iq` to a bare JID, answered for the user (RFC 6121 §8.5.2.1.3). */
  readonly account: IqScope
}

export function newIqHandlers(): IqHandlers {
  return { server: new IqScope(), account: new IqScope() }
}

function key(type: IqType, ns: string, name: string): string {
  return `${type} ${ns} ${name}`
}
