/** The listeners that clients connect to: 5222 with STARTTLS and 5223 with TLS from the start. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { BareJid } from '../../core/address.ts'
import { FailureThrottle } from '../../util/failure-throttle.ts'
import { counter, gauge } from '../../util/metrics.ts'
import { StreamError } from '../errors.ts'
import { XmppSession } from '../session.ts'
import { ClientStream, type ClientStreamDeps } from './client-stream.ts'
import { Connection } from './connection.ts'

export interface C2sListener {
  readonly name: string
  readonly host: string
  readonly port: number
  /** TLS from the first byte (XEP-0368). */
  readonly direct: boolean
}

export interface OpenListener {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly direct: boolean
}

export interface C2s extends AsyncDisposable {
  readonly listeners: readonly OpenListener[]
  /** Ends all of an account's streams. */
  closeAccount(account: BareJid, error: StreamError): void
}

export type C2sDeps = Omit<ClientStreamDeps, 'throttle'>

const BACKLOG = 4096
const KEEP_ALIVE_MS = 120_000

const accepted = counter({
  name: 'heliograph_xmpp_connections_total',
  help: 'Client connections, by what became of them at the door.',
  labels: ['result'],
})
const open = gauge({ name: 'heliograph_xmpp_connections', help: 'Open client connections.' })

/** Rejects with the socket’s own error where an address cannot be listened on. */
export async function startC2s(listeners: readonly C2sListener[], deps: C2sDeps): Promise<C2s> {
  const door = new Door({ ...deps, throttle: new FailureThrottle(deps.clock) })
  await using starting = new AsyncDisposableStack()
  const opened: OpenListener[] = []
  starting.defer(() => door.closeAll())
  for (const listener of listeners) {
    const server = await listen(listener, (socket) => door.admit(socket, listener.direct))
    starting.defer(() => stop(server))
    opened.push({ name: listener.name, direct: listener.direct, ...boundTo(server) })
  }
  const running = starting.move()
  return {
    listeners: opened,
    closeAccount: (account, error) => closeAccount(deps, account, error),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Lets connections in, as many as there may be, and knows which are there. */
class Door {
  readonly #deps: ClientStreamDeps
  readonly #connections = new Set<Connection>()
  readonly #byAddress = new Map<string, number>()
  #emptied: (() => void) | undefined

  constructor(deps: ClientStreamDeps) {
    this.#deps = deps
  }

  admit(socket: Socket, direct: boolean): void {
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    const connection = new Connection(this.#deps, socket)
    const address = connection.remoteAddress
    const { maxConnections, maxConnectionsPerAddress } = this.#deps.config
    const fromThere = this.#byAddress.get(address) ?? 0
    if (this.#connections.size >= maxConnections || fromThere >= maxConnectionsPerAddress) {
      accepted.inc({ result: 'refused' })
      if (direct) connection.destroy()
      else connection.close(new StreamError('resource-constraint', 'too many connections'))
      return
    }
    accepted.inc({ result: 'accepted' })
    this.#connections.add(connection)
    this.#byAddress.set(address, fromThere + 1)
    open.set(this.#connections.size)
    socket.on('close', () => this.#left(connection))
    connection.start(new ClientStream(this.#deps, connection), direct)
  }

  /** RFC 6120 §4.9.3.21; resolves when every connection is gone. */
  async closeAll(): Promise<void> {
    for (const connection of this.#connections) connection.close(new StreamError('system-shutdown'))
    if (this.#connections.size === 0) return
    await new Promise<void>((emptied) => {
      this.#emptied = emptied
    })
  }

  #left(connection: Connection): void {
    this.#connections.delete(connection)
    open.set(this.#connections.size)
    const rest = (this.#byAddress.get(connection.remoteAddress) ?? 1) - 1
    if (rest > 0) this.#byAddress.set(connection.remoteAddress, rest)
    else this.#byAddress.delete(connection.remoteAddress)
    if (this.#connections.size === 0) this.#emptied?.()
  }
}

function closeAccount({ sessions }: C2sDeps, account: BareJid, error: StreamError): void {
  for (const session of [...sessions.of(account)]) {
    if (session instanceof XmppSession) session.close(error)
  }
}

function listen({ host, port }: C2sListener, admit: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, admit)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })
}

function boundTo(server: Server): { address: string; port: number } {
  const bound = server.address()
  return isTcp(bound) ? { address: bound.address, port: bound.port } : { address: '', port: 0 }
}

function isTcp(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

/** Nobody new; those who are there are closed by the door. */
function stop(server: Server): void {
  server.close()
}
