/** Presence as server-sent events (WHATWG HTML §9.2): `event: presence`, one JSON document each. */
import type { FastifyReply } from 'fastify'
import type { BareJid } from '../core/address.ts'
import type { PresenceDocument } from '../core/presence/document.ts'
import { SharedRendering } from '../core/presence/shared-rendering.ts'
import type { Timer } from '../util/clock.ts'
import { gauge } from '../util/metrics.ts'
import { ApiError } from './api-error.ts'
import { presenceBody } from './presence-body.ts'
import type { Principal } from './principal.ts'
import type { Services } from './services.ts'

const MAX_STREAMS = 1000
/** Proxies close what is silent for a minute. */
const KEEP_ALIVE_MS = 25_000
/** A reader this far behind is cut off; he gets the present state when he comes back. */
const MAX_BACKLOG_BYTES = 1_048_576

const events = new SharedRendering(
  (document) => `event: presence\ndata: ${JSON.stringify(presenceBody(document))}\n\n`,
)
const streams = gauge({
  name: 'heliograph_admin_event_streams',
  help: 'Open server-sent event streams.',
})
let open = 0

/** Takes the reply over. Throws `ApiError` TOO_MANY_STREAMS. */
export function openEventStream(
  { presence, clock, signIn }: Pick<Services, 'presence' | 'clock' | 'signIn'>,
  reply: FastifyReply,
  { account, principal }: { account: BareJid; principal: Principal | undefined },
): void {
  if (open >= MAX_STREAMS) throw new ApiError('TOO_MANY_STREAMS')
  reply.hijack()
  const { raw } = reply
  // Who has gone already will not be said to have gone again.
  if (raw.destroyed || raw.closed || raw.socket?.destroyed) return
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (text: string): void => {
    if (raw.writableLength > MAX_BACKLOG_BYTES) raw.destroy()
    else raw.write(text)
  }
  const show = (document: PresenceDocument): void => send(events.of(document, ''))

  const subscription = presence.subscribe({
    name: 'api',
    presenceChanged: ({ presentity, document }) => {
      if (presentity === account) show(document)
    },
  })
  const revoked = signIn.onRevoked((name) => {
    if (name === principal?.name) raw.destroy()
  })
  let keepAlive: Timer
  const beat = (): void => {
    send(': still here\n\n')
    keepAlive = clock.after(KEEP_ALIVE_MS, beat)
  }
  keepAlive = clock.after(KEEP_ALIVE_MS, beat)
  streams.set(++open)
  raw.on('close', () => {
    subscription[Symbol.dispose]()
    revoked[Symbol.dispose]()
    keepAlive.cancel()
    streams.set(--open)
  })
  show(presence.document(account))
}
