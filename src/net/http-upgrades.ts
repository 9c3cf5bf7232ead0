/** Requests that ask to go on in another protocol (RFC 9110 §7.8): who takes them, by path. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

const handlers = new WeakMap<Server, Map<string, UpgradeHandler>>()

/** WebSockets on this path of the listener are the handler's. Other wishes to upgrade are ignored, as the RFC allows. */
export function onWebSocket(app: FastifyInstance, path: string, handler: UpgradeHandler): void {
  const { server } = app
  const known = handlers.get(server) ?? listen(server)
  known.set(path, handler)
}

/** Without the query. */
export function pathOf({ url = '' }: IncomingMessage): string {
  const end = url.indexOf('?')
  return end < 0 ? url : url.slice(0, end)
}

function listen(server: Server): Map<string, UpgradeHandler> {
  const byPath = new Map<string, UpgradeHandler>()
  handlers.set(server, byPath)
  // Those that answer false become ordinary requests.
  const shouldUpgradeCallback = (request: IncomingMessage) =>
    request.headers.upgrade?.toLowerCase() === 'websocket' && byPath.has(pathOf(request))
  Object.assign(server, { shouldUpgradeCallback })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    // @COMPAT(node, 22): has no such callback, and hands over all wishes.
    const handler = shouldUpgradeCallback(request) ? byPath.get(pathOf(request)) : undefined
    if (handler) handler(request, socket, head)
    else refuseUpgrade(socket, '404 Not Found')
  })
  return byPath
}

/** Says why, and ends the connection. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.on('error', () => undefined) // he may have gone
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  )
}
