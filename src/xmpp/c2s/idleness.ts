/** Finds the streams whose client is gone without a word (RFC 6120 §4.6). */
import type { Clock, Timer } from '../../util/clock.ts'
import { xml } from '../../xml/element.ts'
import { StreamError } from '../errors.ts'
import { NS_CLIENT } from '../namespaces.ts'
import type { XmppSession } from '../session.ts'
import type { C2sConfig } from './config.ts'
import type { StreamConnection } from './stream-connection.ts'

const NS_PING = 'urn:xmpp:ping'

export interface IdlenessDeps {
  readonly clock: Clock
  readonly config: Pick<C2sConfig, 'idleTimeoutMs' | 'idleGraceMs'>
}

/** One timer a session, moved on only when it fires: hearing something costs nothing but a time stamp. */
export class Idleness {
  readonly #deps: IdlenessDeps
  readonly #connection: StreamConnection
  readonly #session: XmppSession
  #timer: Timer

  constructor(deps: IdlenessDeps, connection: StreamConnection, session: XmppSession) {
    this.#deps = deps
    this.#connection = connection
    this.#session = session
    this.#timer = this.#watch()
  }

  stop(): void {
    this.#timer.cancel()
  }

  #watch(): Timer {
    const { clock, config } = this.#deps
    const silence = clock.now() - this.#connection.lastHeard
    return clock.after(config.idleTimeoutMs - silence, () => {
      const silent = clock.now() - this.#connection.lastHeard >= config.idleTimeoutMs
      this.#timer = silent ? this.#ask() : this.#watch()
    })
  }

  /** §4.6.1: a client that is there answers a ping (XEP-0199), if only with an error. */
  #ask(): Timer {
    const { clock, config } = this.#deps
    const { jid } = this.#session
    const asked = clock.now()
    const id = `idle-${asked}`
    const attrs = { xmlns: NS_CLIENT, type: 'get', id, from: jid.domain, to: jid.full }
    this.#session.send(xml('iq', attrs, xml('ping', { xmlns: NS_PING })))
    return clock.after(config.idleGraceMs, () => {
      if (this.#connection.lastHeard >= asked) this.#timer = this.#watch()
      else this.#connection.close(new StreamError('connection-timeout'))
    })
  }
}
