/** Listening sockets of this thread whose connections become links. */
import { type AddressInfo, createServer, type Server } from 'node:net'
import type { FindContext, LinkListener, LinkListenOptions, LinkSource } from './link.ts'
import { SocketLink } from './socket-link.ts'

const BACKLOG = 4096
const KEEP_ALIVE_MS = 120_000

export interface ListenDeps {
  readonly secureContext: FindContext
  /** Other threads listen there too, and the system deals the connections out. */
  readonly isShared?: boolean
  /** A connection could not be taken, e.g. for want of file descriptors; the listener goes on. */
  acceptFailed(error: unknown): void
}

export function linksHere(deps: ListenDeps): LinkSource {
  return { listen: (options, accept) => listen(deps, options, accept) }
}

/** Rejects with the socket's own error where it cannot listen. */
export async function listen(
  { secureContext, isShared = false, acceptFailed }: ListenDeps,
  { name, host, port, maxQueuedBytes, clientCertificates }: LinkListenOptions,
  accept: (link: SocketLink) => void,
): Promise<LinkListener> {
  const options = { name, maxQueuedBytes, secureContext, clientCertificates }
  const server = createServer(
    {
      // Half open: who closes his side behind his last stanza still hears what became of it.
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    },
    (socket) => accept(new SocketLink(socket, options)),
  )
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: BACKLOG, reusePort: isShared }, () => {
      server.off('error', reject).on('error', acceptFailed)
      resolve()
    })
  })
  return { ...boundTo(server), [Symbol.asyncDispose]: async () => void server.close() }
}

function boundTo(server: Server): { address: string; port: number } {
  const bound = server.address()
  return isTcp(bound) ? { address: bound.address, port: bound.port } : { address: '', port: 0 }
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
