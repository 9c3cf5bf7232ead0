/** Who says something to this server and can be answered: a client of ours, or somebody outside. */
import type { Jid } from '../core/address.ts'
import type { Element } from '../xml/element.ts'

export interface Asker {
  readonly jid: Jid
  /** Queues a stanza for him; false where he has gone. */
  send(stanza: Element | string): boolean
}
