/** TLS on a client's connection (RFC 6120 §5, RFC 7590, XEP-0368). */
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Clock } from '../../util/clock.ts'
import { counter } from '../../util/metrics.ts'

/** The certificate of a domain; of the server where none is asked for. Throws where there is none. */
export type FindContext = (domain?: string) => SecureContext

const ALPN = ['xmpp-client'] // XEP-0368 §4
const TIMEOUT_MS = 20_000

const handshakes = counter({
  name: 'heliograph_xmpp_tls_handshakes_total',
  help: 'TLS handshakes of clients, by result.',
  labels: ['result'],
})

export interface TlsWish {
  /** For a client that names nobody in the handshake (§5.4.3.1). */
  readonly context: SecureContext
  /** From the first byte, where the client says by ALPN what it is going to speak. */
  readonly direct: boolean
}

/**
 * Begins TLS on a connection, as the server. After STARTTLS the client has said in its stream header
 * whom it wants (§5.4.3.1), and what it says in the handshake changes nothing.
 */
export function wrapInTls(plain: Socket, find: FindContext, wish: TlsWish): TLSSocket {
  return new TLSSocket(plain, {
    isServer: true,
    secureContext: wish.context,
    ...(wish.direct && {
      ALPNProtocols: ALPN,
      SNICallback: (name, done) => chooseContext(() => find(name), done),
    }),
  })
}

/** RFC 6066 §3. No certificate ends the handshake, and nothing else. */
function chooseContext(
  find: () => SecureContext,
  done: (error: Error | null, context?: SecureContext) => void,
): void {
  try {
    done(null, find())
  } catch (error) {
    done(error instanceof Error ? error : new Error('no certificate'))
  }
}

/** Calls `secured` when both ends have shaken hands; the socket is closed where they do not in time. */
export function watchHandshake(clock: Clock, tls: TLSSocket, secured: () => void): void {
  let result = 'failed'
  const deadline = clock.after(TIMEOUT_MS, () => tls.destroy())
  tls.once('secure', () => {
    result = 'done'
    deadline.cancel()
    handshakes.inc({ result })
    secured()
  })
  tls.once('close', () => {
    deadline.cancel()
    if (result === 'failed') handshakes.inc({ result })
  })
  // @COMPAT(node, 24): a server's TLSSocket does not end by itself for a record that is wrong.
  tls.once('_tlsError', () => tls.destroy())
}
