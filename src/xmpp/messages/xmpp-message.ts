/** An XMPP message as the core's `InstantMessage`: read when asked, sent on as it came. */
import type { Jid } from '../../core/address.ts'
import type { CopyDirection, InstantMessage, MessageType } from '../../core/messaging/message.ts'
import type { Signals } from '../../core/messaging/signals.ts'
import type { Element } from '../../xml/element.ts'
import { NS_CLIENT } from '../namespaces.ts'
import { isForOtherClients, isOffTheRecord, isWorthKeeping } from './payloads.ts'
import { readSignals } from './signals.ts'
import { withoutIdsBy } from './stanza-id.ts'

const TYPES: readonly MessageType[] = ['chat', 'normal', 'headline', 'groupchat', 'error']

export class XmppMessage implements InstantMessage {
  readonly from: Jid
  readonly to: Jid
  readonly type: MessageType
  readonly origin = 'xmpp'
  readonly delayedSince: number | undefined
  stableId: string | undefined
  expiresAt: number | undefined
  readonly #stanza: Element
  #native: string | undefined

  /** `stanza` has its sender's full JID; `to` may be another than its own where it is rerouted. */
  constructor(stanza: Element, from: Jid, to: Jid, delayedSince?: number) {
    this.#stanza = stanza
    this.from = from
    this.to = to
    this.delayedSince = delayedSince
    this.stableId = undefined
    this.expiresAt = undefined
    this.type = messageType(stanza)
  }

  get id(): string | undefined {
    return this.#stanza.attr('id')
  }

  get thread(): string | undefined {
    return this.#text('thread')
  }

  get subject(): string | undefined {
    return this.#text('subject')
  }

  get body(): string | undefined {
    return this.#text('body')
  }

  get signals(): Signals | undefined {
    return readSignals(this.#stanza)
  }

  get storable(): boolean {
    return isWorthKeeping(this.#stanza, this.type)
  }

  get offTheRecord(): boolean {
    return isOffTheRecord(this.#stanza)
  }

  isCopied(direction: CopyDirection): boolean {
    const { type, from } = this
    return isForOtherClients(this.#stanza, { type, from, direction })
  }

  /** One text for all the clients that get it. */
  native(): string {
    const { from, to } = this
    this.#native ??= withoutIdsBy(this.#stanza, to.bare, from.bare).toString(NS_CLIENT)
    return this.#native
  }

  #text(name: string): string | undefined {
    return this.#stanza.child(name)?.text()
  }
}

/** RFC 6121 §5.2.2: no type, or an unknown one, is `normal`. */
function messageType(stanza: Element): MessageType {
  const type = stanza.attr('type')
  return TYPES.find((known) => known === type) ?? 'normal'
}
