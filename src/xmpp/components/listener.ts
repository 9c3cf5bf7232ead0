/** The listener that external components connect to (XEP-0114). */
import type { ListenAddress } from '../../config/values.ts'
import type { LinkSource } from '../../net/link.ts'
import { StreamError } from '../errors.ts'
import { ComponentConnection, type ComponentConnectionDeps } from './component-connection.ts'

export interface ListenDeps extends Omit<ComponentConnectionDeps, 'left'> {
  readonly links: LinkSource
  readonly maxQueuedBytes: number
}

export interface ComponentListener extends AsyncDisposable {
  readonly address: ListenAddress
}

/** Those that have not said who they are included. */
const MAX_CONNECTIONS = 200

/** Rejects with the socket's own error where it cannot listen. */
export async function listenForComponents(
  { host, port }: ListenAddress,
  { links, maxQueuedBytes, ...deps }: ListenDeps,
): Promise<ComponentListener> {
  const open = new Set<ComponentConnection>()
  const left = (connection: ComponentConnection) => void open.delete(connection)
  const listener = await links.listen({ host, port, maxQueuedBytes }, (link) => {
    if (open.size >= MAX_CONNECTIONS) link.destroy()
    else open.add(new ComponentConnection({ ...deps, left }, link))
  })
  return {
    address: { host: listener.address, port: listener.port },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]()
      for (const connection of open) connection.close(new StreamError('system-shutdown'))
    },
  }
}
