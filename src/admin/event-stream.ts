/**
 * Server-sent events (WHATWG HTML §9.2) about one person: `presence`, each time it changes,
 * `watch-request`, the list of those who wait for his word, each time that changes, and `contact`,
 * each change of his contact list.
 */
import type { FastifyReply } from 'fastify'
import type { BareJid } from '../core/address.ts'
import type { PresenceDocument } from '../core/presence/document.ts'
import { SharedRendering } from '../core/presence/shared-rendering.ts'
import type { Timer } from '../util/clock.ts'
import { gauge } from '../util/metrics.ts'
import { ApiError } from './api-error.ts'
import { showContacts } from './contact-events.ts'
import { presenceBody } from './presence-body.ts'
import type { Principal } from './principal.ts'
import type { Services } from './services.ts'
import { watchRequestsBody } from './watch-requests.ts'

type Deps = Pick<
  Services,
  'presence' | 'subscriptions' | 'contacts' | 'directory' | 'clock' | 'signIn' | 'log'
>
type Send = (text: string) => void

interface Stream {
  readonly account: BareJid
  readonly principal: Principal | undefined
  readonly mailbox: string | undefined
}

const MAX_STREAMS = 1000
/** Of one user; administrators keep what watches everybody. */
const MAX_STREAMS_OF_USER = 20
/** Proxies close what is silent for a minute. */
const KEEP_ALIVE_MS = 25_000
/** A reader this far behind is cut off; he gets the present state when he comes back. */
const MAX_BACKLOG_BYTES = 1_048_576

const events = new SharedRendering(
  'json',
  (document, mailbox) =>
    `event: presence\ndata: ${JSON.stringify(presenceBody(document, mailbox || undefined))}\n\n`,
)
const streams = gauge({
  name: 'heliograph_admin_event_streams',
  help: 'Open server-sent event streams.',
})
let open = 0
const openByUser = new Map<string, number>()

/** Takes the reply over. Throws `ApiError` TOO_MANY_STREAMS. */
export function openEventStream(
  deps: Deps,
  reply: FastifyReply,
  { account, principal, mailbox }: Stream,
): void {
  const user = principal?.role === 'user' ? principal.name : undefined
  requireRoom(user)
  reply.hijack()
  const { raw } = reply
  // Who has gone already will not be said to have gone again.
  if (raw.destroyed || raw.closed || raw.socket?.destroyed) return
  raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  const send = (text: string): void => {
    if (raw.destroyed) return
    if (raw.writableLength > MAX_BACKLOG_BYTES) raw.destroy()
    else raw.write(text)
  }
  const opened = new DisposableStack()
  opened.use(
    deps.signIn.onRevoked((name) => {
      if (name === principal?.name) raw.destroy()
    }),
  )
  opened.use(showPresence(deps, { account, mailbox }, send))
  opened.use(showRequests(deps, account, send))
  opened.use(showContacts(deps, account, send))
  opened.use(keepAlive(deps, send))
  opened.use(counted(user))
  raw.on('close', () => opened.dispose())
}

function requireRoom(user: string | undefined): void {
  const own = user === undefined ? 0 : (openByUser.get(user) ?? 0)
  if (open >= MAX_STREAMS || own >= MAX_STREAMS_OF_USER) throw new ApiError('TOO_MANY_STREAMS')
}

/** Until it is disposed of. */
function counted(user: string | undefined): Disposable {
  const count = (step: 1 | -1): void => {
    open += step
    streams.set(open)
    if (user === undefined) return
    const own = (openByUser.get(user) ?? 0) + step
    if (own === 0) openByUser.delete(user)
    else openByUser.set(user, own)
  }
  count(1)
  return { [Symbol.dispose]: () => count(-1) }
}

function showPresence(
  { presence }: Deps,
  { account, mailbox = '' }: Pick<Stream, 'account' | 'mailbox'>,
  send: Send,
): Disposable {
  const show = (document: PresenceDocument): void => send(events.of(document, mailbox))
  show(presence.document(account))
  return presence.subscribe({
    name: 'api',
    presenceChanged: ({ presentity, document }) => {
      if (presentity === account) show(document)
    },
  })
}

/** The whole list each time, so that a reader who missed one has all with the next. */
function showRequests({ subscriptions, log }: Deps, account: BareJid, send: Send): Disposable {
  let shown = JSON.stringify({ presentity: account, requests: [] })
  let looking = false
  let again = false
  const look = async (): Promise<void> => {
    const list = JSON.stringify(await watchRequestsBody(subscriptions, account))
    if (list !== shown) send(`event: watch-request\ndata: ${list}\n\n`)
    shown = list
  }
  const changed = async (): Promise<void> => {
    again = true
    if (looking) return
    looking = true
    try {
      while (again) {
        again = false
        await look()
      }
    } catch (err) {
      log.error({ what: 'api_watch_requests_not_shown', account, err })
    } finally {
      looking = false
    }
  }
  void changed()
  return subscriptions.addAudience({
    requestsChanged: (presentity) => {
      if (presentity === undefined || presentity === account) void changed()
    },
  })
}

function keepAlive({ clock }: Deps, send: Send): Disposable {
  let timer: Timer
  const beat = (): void => {
    send(': still here\n\n')
    timer = clock.after(KEEP_ALIVE_MS, beat)
  }
  timer = clock.after(KEEP_ALIVE_MS, beat)
  return { [Symbol.dispose]: () => timer.cancel() }
}
