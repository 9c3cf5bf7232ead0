import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A way to a port of the server that can be cut, as when a cable is pulled: neither end says goodbye. */
export class Cuttable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, target: number) {
    this.#server = server
    const bound = server.address()
    if (typeof bound !== 'object' || !bound) throw new Error('no port')
    this.port = bound.port
    server.on('connection', (client) => this.#join(client, connect(target, '127.0.0.1')))
  }

  /** To a port of this machine, until the test ends. */
  static async to(t: TestContext, target: number): Promise<Cuttable> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const cuttable = new Cuttable(server, target)
    t.after(() => cuttable.#end())
    return cuttable
  }

  /** Breaks every connection; new ones may come. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy()
  }

  #end(): void {
    this.#server.close()
    this.cut()
  }

  #join(client: Socket, server: Socket): void {
    client.pipe(server).pipe(client)
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined) // 'close' follows
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}
