/** XMPP over BOSH (XEP-0124, XEP-0206): the paths that clients post their requests to. */
import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../../../net/callers.ts'
import { XmlSyntaxError } from '../../../xml/tokenizer.ts'
import { ClientStream } from '../../c2s/client-stream.ts'
import type { ClientStreams } from '../../c2s/client-streams.ts'
import { sourceOf } from '../../c2s/source-address.ts'
import { limitsOf } from '../../c2s/stream-limits.ts'
import { StreamError } from '../../errors.ts'
import { addPostRoute, takeBytes } from '../cross-origin.ts'
import type { HttpDeps } from '../http-deps.ts'
import { HttpReply } from '../http-reply.ts'
import { refused } from '../metrics.ts'
import { type BoshBody, parseBody } from './body.ts'
import { BoshSession, type BoshSessionDeps } from './bosh-session.ts'
import { type Farewell, terminal } from './farewell.ts'
import { type BoshRequest, ridOf } from './request.ts'
import { agree, DEFAULT_CONTENT } from './terms.ts'

const TRANSPORT = 'bosh'
const ABOUT = 'XMPP over BOSH (XEP-0124, XEP-0206): clients POST here.\n'

export class Bosh {
  readonly #deps: HttpDeps
  readonly #streams: ClientStreams
  readonly #sessionDeps: BoshSessionDeps
  readonly #sessions = new Map<string, BoshSession>()

  constructor(deps: HttpDeps) {
    this.#deps = deps
    this.#streams = deps.streams
    this.#sessionDeps = {
      ...deps.streams.deps,
      left: (visitor) => deps.streams.deps.left(visitor),
      forget: (sid) => this.#sessions.delete(sid),
    }
  }

  addTo(app: FastifyInstance): void {
    const { origins, config } = this.#deps
    const { clock, config: limits } = this.#streams.deps
    takeBytes(app, clock)
    for (const path of config.boshPaths) {
      addPostRoute(app, origins, {
        path,
        transport: TRANSPORT,
        about: ABOUT,
        maxBytes: 2 * limits.maxStanzaBytes,
        take: (request, reply, headers) => this.#take(request, reply, headers),
        tooLarge: (reply) => {
          reply.type(DEFAULT_CONTENT).send(terminal({ condition: 'policy-violation' }))
        },
      })
    }
  }

  #take(request: FastifyRequest, reply: FastifyReply, headers: Record<string, string>): void {
    reply.hijack()
    const answer = new HttpReply(reply.raw, headers)
    const bytes = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const body = this.#parse(bytes)
    const rid = body && ridOf(body)
    if (!body || rid === undefined) {
      this.#refuse(answer, { condition: 'bad-request' })
      return
    }
    const caller = this.#deps.callers.of(request.raw)
    const { sid } = body.wrapper.attrs
    const boshRequest = { rid, body, bytes: bytes.length, reply: answer }
    if (sid === undefined) this.#begin(boshRequest, caller, answer)
    else this.#goOn(sid, boshRequest, { caller, answer })
  }

  #parse(bytes: Buffer): BoshBody | undefined {
    try {
      return parseBody(bytes, limitsOf(this.#streams.deps.config).signedIn)
    } catch (error) {
      if (error instanceof XmlSyntaxError) return undefined
      throw error
    }
  }

  #begin(first: BoshRequest, caller: Caller, answer: HttpReply): void {
    const { deps } = this.#streams
    const terms = agree(first.body, this.#deps.config)
    if (!terms) {
      this.#refuse(answer, { condition: 'bad-request' })
      return
    }
    const source = sourceOf(caller.address)
    const full = this.#streams.refusal(TRANSPORT, source)
    if (full !== undefined) {
      const error = new StreamError('resource-constraint', full)
      this.#say(answer, { condition: 'remote-stream-error', error })
      return
    }
    // §18.3: nobody guesses it.
    const sid = randomBytes(24).toString('base64url')
    const parts = { sid, terms, caller, first }
    const session = this.#streams.admit(
      source,
      (usage) => new BoshSession(this.#sessionDeps, parts, usage),
    )
    this.#sessions.set(sid, session)
    session.start(new ClientStream(deps, session), first)
  }

  #goOn(
    sid: string,
    request: BoshRequest,
    { caller, answer }: { caller: Caller; answer: HttpReply },
  ): void {
    const session = this.#sessions.get(sid)
    if (!session) this.#refuse(answer, { condition: 'item-not-found' })
    // §18.1: a secure session stays so; nobody else ends it.
    else if (session.isEncrypted && !caller.isEncrypted) answer.drop()
    else if (request.bytes > session.maxBytes) {
      session.close(new StreamError('policy-violation', 'a request is too large'))
      session.request(request)
    } else session.request(request)
  }

  #refuse(answer: HttpReply, farewell: Farewell): void {
    refused.inc({ transport: TRANSPORT, reason: farewell.condition ?? 'unknown' })
    this.#say(answer, farewell)
  }

  #say(answer: HttpReply, farewell: Farewell): void {
    answer.send({ body: terminal(farewell), content: DEFAULT_CONTENT })
  }
}
