/** The listeners that clients connect to: 5222 with STARTTLS and 5223 with TLS from the start. */
import type { Link, LinkSource } from '../../net/link.ts'
import { FailureThrottle } from '../../util/failure-throttle.ts'
import { counter, gauge } from '../../util/metrics.ts'
import type { OverloadGuard } from '../../util/overload.ts'
import { StreamError } from '../errors.ts'
import { StreamManagement } from '../stream-management/stream-management.ts'
import { ClientStream, type ClientStreamDeps } from './client-stream.ts'
import { Connection } from './connection.ts'
import { Unfinished } from './unfinished.ts'

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
}

export interface C2sDeps
  extends Omit<ClientStreamDeps, 'throttle' | 'unfinished' | 'left' | 'management'> {
  readonly links: LinkSource
  readonly overload?: OverloadGuard | undefined
}

const accepted = counter({
  name: 'heliograph_xmpp_connections_total',
  help: 'Client connections, by what became of them at the door.',
  labels: ['result'],
})
const open = gauge({ name: 'heliograph_xmpp_connections', help: 'Open client connections.' })

/** Rejects with the socket’s own error where an address cannot be listened on. */
export async function startC2s(listeners: readonly C2sListener[], deps: C2sDeps): Promise<C2s> {
  const { clock, config, log } = deps
  if (config.plaintextAuth) log.warn({ what: 'xmpp_plaintext_auth_allowed' })
  const { maxSignInFailures: maxFailures } = config
  const throttle = new FailureThrottle(clock, maxFailures === undefined ? {} : { maxFailures })
  const { links, overload, ...streamDeps } = deps
  const unfinished = new Unfinished()
  const { maxUnacknowledged: maxStanzas, maxQueuedBytes, resumeForMs } = config
  const management = new StreamManagement({
    ...streamDeps,
    config: { maxStanzas, maxQueuedBytes, resumeForMs },
    unfinished,
  })
  const door: Door = new Door(
    {
      ...streamDeps,
      throttle,
      unfinished,
      management,
      left: (connection) => door.left(connection),
    },
    overload,
  )
  await using starting = new AsyncDisposableStack()
  const opened: OpenListener[] = []
  starting.defer(() => door.closeAll())
  for (const listener of listeners) {
    const { name, direct, host, port } = listener
    const open = await links.listen({ host, port, maxQueuedBytes }, (link) =>
      door.admit(link, direct),
    )
    // Nobody new; those who are there are closed by the door.
    starting.use(open)
    opened.push({ name, direct, address: open.address, port: open.port })
  }
  const running = starting.move()
  return {
    listeners: opened,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

/** Lets connections in, as many as there may be, and knows which are there. */
class Door {
  readonly #deps: ClientStreamDeps
  readonly #overload: OverloadGuard | undefined
  readonly #connections = new Set<Connection>()
  readonly #byAddress = new Map<string, number>()
  #emptied: (() => void) | undefined

  constructor(deps: ClientStreamDeps, overload: OverloadGuard | undefined) {
    this.#deps = deps
    this.#overload = overload
  }

  admit(link: Link, direct: boolean): void {
    const connection = new Connection(this.#deps, link)
    const refusal = this.#refusal(connection.source)
    if (refusal !== undefined) {
      accepted.inc({ result: 'refused' })
      // RFC 6120 §4.9.3.17; before TLS there is no stream to say it in.
      if (direct) connection.destroy()
      else connection.close(new StreamError('resource-constraint', refusal))
      return
    }
    accepted.inc({ result: 'accepted' })
    this.#connections.add(connection)
    const fromThere = this.#byAddress.get(connection.source) ?? 0
    this.#byAddress.set(connection.source, fromThere + 1)
    open.set(this.#connections.size)
    connection.start(new ClientStream(this.#deps, connection), direct)
  }

  /** Why nobody more is let in from there; `undefined` where he is. */
  #refusal(address: string): string | undefined {
    const { maxConnections, maxConnectionsPerAddress } = this.#deps.config
    const fromThere = this.#byAddress.get(address) ?? 0
    if (this.#connections.size >= maxConnections || fromThere >= maxConnectionsPerAddress) {
      return 'too many connections'
    }
    if (!this.#overload?.isOverloaded) return undefined
    this.#overload.refused('xmpp')
    return 'the server is overloaded; try again later'
  }

  /** RFC 6120 §4.9.3.20; resolves when every connection is gone, and all that its end brings about is done. */
  async closeAll(): Promise<void> {
    for (const connection of this.#connections) connection.close(new StreamError('system-shutdown'))
    if (this.#connections.size > 0) {
      await new Promise<void>((emptied) => {
        this.#emptied = emptied
      })
    }
    this.#deps.management.endParked()
    await this.#deps.unfinished.settled()
  }

  left(connection: Connection): void {
    if (!this.#connections.delete(connection)) return
    open.set(this.#connections.size)
    const rest = (this.#byAddress.get(connection.source) ?? 1) - 1
    if (rest > 0) this.#byAddress.set(connection.source, rest)
    else this.#byAddress.delete(connection.source)
    if (this.#connections.size === 0) this.#emptied?.()
  }
}
