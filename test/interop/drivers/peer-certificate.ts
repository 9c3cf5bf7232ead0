import { once } from 'node:events'
import { connect } from 'node:tls'

/** What a direct TLS port of this machine shows for a name, as PEM: for clients that remember a peer’s certificate. */
export async function peerCertificate(port: number, servername: string): Promise<string> {
  const ALPNProtocols = ['xmpp-client']
  const socket = connect({ port, host: '127.0.0.1', servername, ALPNProtocols })
  try {
    await once(socket, 'secureConnect')
    const certificate = socket.getPeerX509Certificate()
    if (!certificate) throw new Error(`no certificate for ${servername}`)
    return certificate.toString()
  } finally {
    socket.destroy()
  }
}
