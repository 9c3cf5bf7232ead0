/** Where an `iq` goes: RFC 6120 §8.2.3 and §10, RFC 6121 §8.5. */
import type { BareJid, Jid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import type { Asker } from '../asker.ts'
import { isRefusedBy, type Refusing } from '../blocking/blocked.ts'
import { serviceUnavailable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { Outside } from '../outside.ts'
import type { Sight } from '../presence/sight.ts'
import type { Questions } from '../questions.ts'
import type { ServiceHosts } from '../service-hosts.ts'
import { XmppSession } from '../session.ts'
import { type IqHandlers, type IqRequest, type IqScope, REPLIED } from './iq-handlers.ts'

export interface IqRouterDeps {
  handlers: IqHandlers
  sessions: LocalSessions
  directory: { isLocal(domain: string): boolean }
  services: Pick<ServiceHosts, 'find'>
  outside: Outside
  questions: Questions
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
  handle(asker: Asker, stanza: Element, to: Jid): void | Promise<void> {
    const kind = parseKind(stanza)
    if (!this.#deps.directory.isLocal(to.domain)) return this.#toOther(asker, stanza, to, kind)
    if (to.local !== '' && isRefusedBy(this.#deps.access, to.bare, asker.jid.bare)) {
      // XEP-0191 §3.3: what asks nothing is dropped without a word.
      if (kind === 'get' || kind === 'set') throw serviceUnavailable()
      return
    }
    if (to.resource !== '' && to.local !== '') return this.#toResource(asker, stanza, to, kind)
    if (kind === 'result' || kind === 'error') {
      // An account's own questions are pushes, which nothing waits for.
      if (to.full === to.domain) this.#deps.questions.answered(stanza)
      return
    }
    if (to.resource !== '') throw serviceUnavailable()
    const { server, account } = this.#deps.handlers
    return this.#answer(asker, stanza, to.bare, kind, to.local === '' ? server : account)
  }

  /** To a service of ours that is no domain, or to somebody outside. */
  #toOther(asker: Asker, stanza: Element, to: Jid, kind: Kind): undefined | void | Promise<void> {
    const { services, outside } = this.#deps
    const isAnswer = kind === 'result' || kind === 'error'
    const service = services.find(to.domain)
    if (!service) {
      if (isAnswer) outside.pass(stanza, to.domain)
      else outside.require(stanza, to.domain)
      return
    }
    if (isAnswer) return
    if (to.full !== to.domain) throw serviceUnavailable()
    return this.#answer(asker, stanza, to.bare, kind, service.iq)
  }

  #answer(
    asker: Asker,
    stanza: Element,
    to: BareJid,
    kind: 'get' | 'set',
    scope: IqScope,
  ): void | Promise<void> {
    const [payload] = stanza.elements()
    const handler = payload && scope.find(kind, payload)
    if (!handler) throw serviceUnavailable() // RFC 6121 §8.5.2.1.3, RFC 6120 §8.4
    const reply = (result?: Element) => void asker.send(resultOf(stanza, result))
    const session = asker instanceof XmppSession ? asker : undefined
    const request: IqRequest = { session, from: asker.jid, to, stanza, payload, reply }
    const answer = handler(request)
    if (answer instanceof Promise) {
      return answer.then((result) => {
        if (result !== REPLIED) reply(result)
      })
    }
    if (answer !== REPLIED) reply(answer)
  }

  /** RFC 6121 §8.5.3. */
  #toResource(asker: Asker, stanza: Element, to: Jid, kind: Kind): undefined | Promise<void> {
    const target = this.#deps.sessions.get(to.bare, to.resource)
    if (kind === 'result' || kind === 'error') {
      target?.send(stanza)
      return undefined
    }
    if (!target) throw serviceUnavailable()
    if (isKnownTo(target, asker.jid)) {
      if (!target.send(stanza)) throw serviceUnavailable()
      return undefined
    }
    return this.#deps.sight.ofClients(to.bare, asker.jid.bare).then((seen) => {
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
