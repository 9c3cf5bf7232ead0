/** Every way into a running server that a session may go on by. */
import type { TestServer } from '../../test/support/server.ts'
import { XmppClient } from '../../test/support/xmpp-client.ts'
import type { Transport } from './chaos.ts'

export function chaosTransports(
  server: TestServer,
  password: string,
): Readonly<Record<string, Transport>> {
  const options = (jid: string) => ({ jid, password, mechanism: 'PLAIN' })
  const tcp = { port: server.port('xmpp') }
  const tls = { port: server.port('xmppTls'), direct: true }
  return {
    starttls: (jid) => XmppClient.authenticated(tcp, options(jid)),
    tls: (jid) => XmppClient.authenticated(tls, options(jid)),
  }
}
