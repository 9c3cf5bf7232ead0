/** An XMPP message as the core's `InstantMessage`: read when asked, sent on as it came. */
import type { Jid } from '../../core/address.ts'
import type { InstantMessage, MessageType } from '../../core/messaging/message.ts'
import type { Element } from '../../xml/element.ts'
import { NS_CLIENT } from '../namespaces.ts'

const NS_HINTS = 'urn:xmpp:hints'
const TYPES: readonly MessageType[] = ['chat', 'normal', 'headline', 'groupchat', 'error']

export class XmppMessage implements InstantMessage {
  readonly from: Jid
  readonly to: Jid
  readonly type: MessageType
  readonly origin = 'xmpp'
  readonly delayedSince: number | undefined
  readonly #stanza: Element
  #native: string | undefined

  /** `stanza` has its sender's full JID; `to` may be another than its own where it is rerouted. */
  constructor(stanza: Element, from: Jid, to: Jid, delayedSince?: number) {
    this.#stanza = stanza
    this.from = from
    this.to = to
    this.delayedSince = delayedSince
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

  /** XEP-0160 §3, and the sender's hints of XEP-0334 §4. */
  get storable(): boolean {
    if (this.type !== 'chat' && this.type !== 'normal') return false
    const stanza = this.#stanza
    if (stanza.child('no-store', NS_HINTS) || stanza.child('no-permanent-store', NS_HINTS)) {
      return false
    }
    return this.body !== undefined || stanza.child('store', NS_HINTS) !== undefined
  }

  /** One text for all the clients that get it. */
  native(): string {
    this.#native ??= this.#stanza.toString(NS_CLIENT)
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
