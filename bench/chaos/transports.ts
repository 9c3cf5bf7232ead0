/** Every way into a running server that a session may go on by. */

import { BoshClient } from '../../test/support/bosh-client.ts'
import type { TestServer } from '../../test/support/server.ts'
import { WsClient } from '../../test/support/ws-client.ts'
import { XmppClient } from '../../test/support/xmpp-client.ts'
import type { Transport } from './chaos.ts'

export function chaosTransports(
  server: TestServer,
  password: string,
): Readonly<Record<string, Transport>> {
  const options = (jid: string) => ({ jid, password, mechanism: 'PLAIN' })
  const tcp = { port: server.port('xmpp') }
  const https = `127.0.0.1:${server.port('https')}`
  const tls = { port: server.port('xmppTls'), direct: true }
  return {
    starttls: (jid) => XmppClient.authenticated(tcp, options(jid)),
    tls: (jid) => XmppClient.authenticated(tls, options(jid)),
    websocket: async (jid) =>
      (await WsClient.connect(`wss://${https}/xmpp-websocket`)).signIn(options(jid)),
    bosh: (jid) => new BoshClient(`https://${https}/http-bind`).signIn(options(jid)),
  }
}
