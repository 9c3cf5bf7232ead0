/**
 * XMPP over HTTP polling (XEP-0025), which is obsolete and off by default: a stream in pieces, for clients that can do
 * nothing better.
 */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../net/callers.ts'
import { flushAtEndOfTick } from '../../../net/end-of-tick.ts'
import { ClientStream } from '../../c2s/client-stream.ts'
import { Connection } from '../../c2s/connection.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import { addPostRoute, takeBytes } from '../cross-origin.ts'
import type { HttpDeps } from '../http-deps.ts'
import { HttpReply } from '../http-reply.ts'
import { KeySequence } from '../key-sequence.ts'
import { refused } from '../metrics.ts'
import { PollingLink } from './polling-link.ts'
import { type PollingRequest, parseRequest } from './request.ts'

interface PollingSession {
  readonly link: PollingLink
  readonly keys: KeySequence
  readonly isEncrypted: boolean
}

const TRANSPORT = 'polling'
const ABOUT = 'XMPP over HTTP polling (XEP-0025): clients POST here.\n'
const NEW = '0'
/** §3.1. */
const ERRORS = { unknown: '0:0', server: '-1:0', 'bad-request': '-2:0', key: '-3:0' } as const

export class Polling {
  readonly #deps: HttpDeps
  readonly #sessions = new Map<string, PollingSession>()

  constructor(deps: HttpDeps) {
    this.#deps = deps
  }

  addTo(app: FastifyInstance): void {
    const { origins, config, streams } = this.#deps
    takeBytes(app, streams.deps.clock)
    for (const path of config.pollingPaths) {
      addPostRoute(app, origins, {
        path,
        transport: TRANSPORT,
        about: ABOUT,
        maxBytes: 2 * streams.deps.config.maxStanzaBytes,
        take: (request, reply, headers) => this.#take(request, reply, headers),
        tooLarge: (reply) => {
          reply.header('set-cookie', cookie(ERRORS['bad-request'], path)).type(XML).send('')
        },
      })
    }
  }

  #take(request: FastifyRequest, reply: FastifyReply, headers: Record<string, string>): void {
    reply.hijack()
    const { url: path = '/' } = request.routeOptions
    const answer = new Answer(new HttpReply(reply.raw, headers), path)
    const caller = this.#deps.callers.of(request.raw)
    const parsed = Buffer.isBuffer(request.body) ? parseRequest(request.body) : undefined
    if (!parsed) answer.refuse('bad-request')
    else if (parsed.id === NEW) this.#begin(parsed, caller, answer)
    else this.#goOn(parsed, caller, answer)
  }

  #begin({ key, bytes }: PollingRequest, caller: Caller, answer: Answer): void {
    const { streams, config } = this.#deps
    const source = sourceOf(caller.address)
    if (streams.refusal(TRANSPORT, source) !== undefined) {
      answer.send(ERRORS.server, '')
      return
    }
    const { clock, config: limits } = streams.deps
    const id = `${randomBytes(16).toString('hex')}:1`
    const link = new PollingLink(
      {
        clock,
        maxQueuedBytes: limits.maxQueuedBytes,
        inactivityMs: config.pollingInactivity,
        forget: () => this.#sessions.delete(id),
      },
      caller,
    )
    const keys = new KeySequence('base64', key)
    this.#sessions.set(id, { link, keys, isEncrypted: caller.isEncrypted })
    const connection = streams.admit(
      source,
      (usage) => new Connection(streams.deps, link, usage, TRANSPORT),
    )
    connection.start(new ClientStream(streams.deps, connection), false)
    link.poll(bytes)
    answer.later(id, link)
  }

  #goOn({ id, key, newKey, bytes }: PollingRequest, caller: Caller, answer: Answer): void {
    const session = this.#sessions.get(id)
    if (!session) answer.refuse('unknown')
    else if (session.isEncrypted && !caller.isEncrypted) answer.refuse('unknown')
    // §4: what has the wrong key does nothing, and keeps nothing alive.
    else if (!session.keys.accepts(key, newKey)) answer.refuse('key')
    else {
      session.link.poll(bytes)
      answer.later(id, session.link)
    }
  }
}

const XML = 'text/xml; charset=utf-8'

function cookie(id: string, path: string): string {
  return `ID=${id}; path=${path}`
}

/** What one request gets. */
class Answer {
  readonly #reply: HttpReply
  readonly #path: string
  #waiting: { id: string; link: PollingLink } | undefined

  constructor(reply: HttpReply, path: string) {
    this.#reply = reply
    this.#path = path
  }

  refuse(reason: keyof typeof ERRORS): void {
    refused.inc({ transport: TRANSPORT, reason })
    this.send(ERRORS[reason], '')
  }

  /** When this turn ends, with what came of the request until then. */
  later(id: string, link: PollingLink): void {
    this.#waiting = { id, link }
    flushAtEndOfTick(this)
  }

  flush(): void {
    if (this.#waiting) this.send(this.#waiting.id, this.#waiting.link.take())
  }

  send(id: string, body: string): void {
    const headers = { 'set-cookie': cookie(id, this.#path) }
    this.#reply.send({ body, content: XML, headers })
  }
}
