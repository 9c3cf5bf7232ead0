/** Where an `iq` goes: RFC 6120 §8.2.3 and §10, RFC 6121 §8.5. */
import type { BareJid, Jid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { isRefusedBy, type Refusing } from '../blocking/blocked.ts'
import { remoteServerNotFound, serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Sight } from '../presence/sight.ts'
import type { ServiceHosts } from '../service-hosts.ts'
import type { XmppSession } from '../session.ts'
import { type IqHandlers, type IqRequest, type IqScope, REPLIED } from './iq-handlers.ts'

export interface IqRouterDeps {
  handlers: IqHandlers
  sessions: LocalSessions
  directory: { isLocal(domain: string): boolean }
  services: Pick<ServiceHosts, 'find'>
  access: Refusing
  sight: Pick<Sight, 'ofClients'>
}

type Kind = 'get' | 'set' | 'result' | 'error'

export class IqRouter {
  readonly #deps: IqRouterDeps

  constructor(deps: IqRouterDeps) {
    this.#deps = deps
  }

  /** `to` is the sender's own bare JID where the stanza names nobody (RFC 6120 §10.3.3). */
  handle(session: XmppSession, stanza: Element, to: Jid): void | Promise<void> {
    const kind = parseKind(stanza)
    if (!this.#deps.directory.isLocal(to.domain)) return this.#toOther(session, stanza, to, kind)
    if (to.local !== '' && isRefusedBy(this.#deps.access, to.bare, session.account)) {
      // XEP-0191 §3.3: what asks nothing is dropped without a word.
      if (kind === 'get' || kind === 'set') throw serviceUnavailable()
      return
    }
    if (to.resource !== '' && to.local !== '') return this.#toResource(session, stanza, to, kind)
    // Answers to the server's own questions, such as roster pushes: nothing waits for them.
    if (kind === 'result' || kind === 'error') return
    if (to.resource !== '') throw serviceUnavailable()
    const { server, account } = this.#deps.handlers
    return this.#answer(session, stanza, to.bare, kind, to.local === '' ? server : account)
  }

  /** To a service of ours that is no domain; there are no servers but this one yet. */
  #toOther(
    session: XmppSession,
    stanza: Element,
    to: Jid,
    kind: Kind,
  ): undefined | void | Promise<void> {
    if (kind === 'result' || kind === 'error') return
    const service = this.#deps.services.find(to.domain)
    if (!service) throw remoteServerNotFound()
    if (to.full !== to.domain) throw serviceUnavailable()
    return this.#answer(session, stanza, to.bare, kind, service.iq)
  }

  #answer(
    session: XmppSession,
    stanza: Element,
    to: BareJid,
    kind: 'get' | 'set',
    scope: IqScope,
  ): void | Promise<void> {
    const [payload] = stanza.elements()
    const handler = payload && scope.find(kind, payload)
    if (!handler) throw serviceUnavailable() // RFC 6121 §8.5.2.1.3, RFC 6120 §8.4
    const reply = (result?: Element) => void session.send(resultOf(stanza, result))
    const request: IqRequest = { session, from: session.jid, to, stanza, payload, reply }
    const answer = handler(request)
    if (answer instanceof Promise) {
      return answer.then((result) => {
        if (result !== REPLIED) reply(result)
      })
    }
    if (answer !== REPLIED) reply(answer)
  }

  /** RFC 6121 §8.5.3. */
  #toResource(
    session: XmppSession,
    stanza: Element,
    to: Jid,
    kind: Kind,
  ): undefined | Promise<void> {
    const target = this.#deps.sessions.get(to.bare, to.resource)
    if (kind === 'result' || kind === 'error') {
      target?.send(stanza)
      return undefined
    }
    if (!target) throw serviceUnavailable()
    if (isKnownTo(target, session.jid)) {
      if (!target.send(stanza)) throw serviceUnavailable()
      return undefined
    }
    return this.#deps.sight.ofClients(to.bare, session.account).then((seen) => {
      // §8.5.3.1: to others an answer would tell that the resource is there.
      if (!seen || !target.send(stanza)) throw serviceUnavailable()
    })
  }
}

/** Of the same account, or one to whom the target sent directed presence. */
function isKnownTo(target: XmppSession, asker: Jid): boolean {
  if (target.account === asker.bare) return true
  return target.directed?.has(asker.full) || target.directed?.has(asker.bare) || false
}

/** The stream has checked it (RFC 6120 §8.2.3). */
function parseKind(stanza: Element): Kind {
  const type = stanza.attr('type')
  return type === 'get' || type === 'set' || type === 'result' ? type : 'error'
}

export function resultOf(stanza: Element, payload?: Element): Element {
  return xml(
    'iq',
    {
      xmlns: NS_CLIENT,
      type: 'result',
      id: stanza.attr('id'),
      from: stanza.attr('to'),
      to: stanza.attr('from'),
    },
    payload,
  )
}
