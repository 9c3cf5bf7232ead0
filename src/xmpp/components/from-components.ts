/** What external components send (XEP-0114 §3): strangers, who may write as any address of their host. */
import { type Jid, parseJid } from '../../core/address.ts'
import type { DeliveryOutcome } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import { sees } from '../../core/presence/roster-item.ts'
import type { Directory } from '../../directory/directory.ts'
import type { Element } from '../../xml/element.ts'
import { isRefusedBy, type Refusing } from '../blocking/blocked.ts'
import {
  errorReply,
  jidMalformed,
  remoteServerNotFound,
  StanzaError,
  StreamError,
  serviceUnavailable,
} from '../errors.ts'
import type { HostStanzaHandler } from '../host-stanzas.ts'
import type { LocalSessions } from '../local-sessions.ts'
import { refusalError } from '../messages/refusals.ts'
import { XmppMessage } from '../messages/xmpp-message.ts'
import type { Questions } from '../questions.ts'
import type { Rosters } from '../roster/rosters.ts'
import type { ServiceHosts } from '../service-hosts.ts'
import type { XmppSession } from '../session.ts'
import type { Component } from './component.ts'
import type { Components } from './components.ts'

export interface FromComponentsDeps {
  components: Components
  messaging: Messaging
  directory: Directory
  access: Refusing
  sessions: LocalSessions
  rosters: Rosters
  services: Pick<ServiceHosts, 'taker'>
  questions: Pick<Questions, 'answered'>
}

interface Sent {
  readonly component: Component
  readonly stanza: Element
  readonly from: Jid
  readonly to: Jid
}

const SHOWN = new Set([undefined, 'unavailable', 'error'])

export class FromComponents {
  readonly #deps: FromComponentsDeps

  constructor(deps: FromComponentsDeps) {
    this.#deps = deps
  }

  /** `from` is of the component's host. Throws `StreamError`; refusals of a stanza are answered. */
  async take(component: Component, stanza: Element, from: Jid): Promise<void> {
    try {
      const to = parseJid(stanza.attr('to') ?? '')
      if (!to) throw jidMalformed()
      await this.#route({ component, stanza, from, to })
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      refuse(component, stanza, error)
    }
  }

  #route(sent: Sent): void | Promise<void> {
    const { stanza, to } = sent
    const { directory, components, services } = this.#deps
    const isKnown = ['message', 'iq', 'presence'].includes(stanza.name)
    if (!isKnown) throw new StreamError('unsupported-stanza-type')
    const isLocal = directory.isLocal(to.domain)
    const other = isLocal ? undefined : components.find(to.domain)
    if (other) return other.send(stanza)
    const taker = stanza.name === 'iq' ? undefined : services.taker(directory, to, stanza)
    if (taker) return this.#forHost(sent, taker)
    if (!isLocal) throw remoteServerNotFound()
    if (stanza.name === 'message') return this.#message(sent)
    return stanza.name === 'iq' ? this.#iq(sent) : this.#presence(sent)
  }

  #forHost({ component, stanza, from }: Sent, taker: HostStanzaHandler): void | Promise<void> {
    const asker = { jid: from, send: (answer: Element | string) => reach(component, answer) }
    return taker(asker, stanza, (copy) => {
      const to = parseJid(copy.attr('to') ?? '')
      if (!to) throw jidMalformed()
      return this.#route({ component, stanza: copy, from, to })
    })
  }

  async #message({ component, stanza, from, to }: Sent): Promise<void> {
    if (to.local === '') throw serviceUnavailable()
    const settle = (outcome: DeliveryOutcome): void => {
      if (outcome.kind === 'refused') refuse(component, stanza, refusalError(outcome.refusal))
      else if (outcome.kind === 'relayed') void outcome.final.then(settle)
    }
    settle(await this.#deps.messaging.send(new XmppMessage(stanza, from, to), undefined))
  }

  #iq({ component, stanza, from, to }: Sent): void {
    if (to.full === to.domain && ['result', 'error'].includes(stanza.attr('type') ?? '')) {
      this.#deps.questions.answered(stanza)
      return
    }
    const { access, sessions } = this.#deps
    const target = to.resource === '' ? undefined : sessions.get(to.bare, to.resource)
    const isLetThrough =
      target && isKnown(target, component, from) && !isRefusedBy(access, to.bare, from.bare)
    // RFC 6121 §8.5.3.1: to strangers, one who is there is as one who is not.
    if (!isLetThrough || !target.send(stanza)) throw serviceUnavailable()
  }

  async #presence({ component, stanza, from, to }: Sent): Promise<void> {
    const { access, sessions, rosters } = this.#deps
    if (!SHOWN.has(stanza.attr('type')) || isRefusedBy(access, to.bare, from.bare)) return
    const one = sessions.get(to.bare, to.resource)
    const targets = to.resource === '' ? sessions.available(to.bare) : one ? [one] : []
    if (targets.length === 0) return
    const item = await rosters.item(to.bare, from.bare)
    for (const target of targets) {
      if ((item && sees(item)) || isKnown(target, component, from)) target.send(stanza)
    }
  }
}

/** He has sent it something, or shown himself to it. */
function isKnown(target: XmppSession, component: Component, { full, bare }: Jid): boolean {
  const { directed } = target
  return component.acquaintances.has(target) || directed?.has(full) || directed?.has(bare) || false
}

function refuse(component: Component, stanza: Element, error: StanzaError): void {
  const reply = errorReply(stanza, error)
  if (reply) reach(component, reply)
}

function reach(component: Component, stanza: Element | string): boolean {
  if (!component.isConnected) return false
  component.send(stanza)
  return true
}
