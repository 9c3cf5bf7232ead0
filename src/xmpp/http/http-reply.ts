/** The answer to a request that may have to wait for it, beside Fastify's way of answering. */
import type { ServerResponse } from 'node:http'

export interface HttpAnswer {
  readonly body: string
  /** Its media type. */
  readonly content: string
  readonly status?: number | undefined
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Whatever a client has sent itself must not become a page of this server: browsers neither guess what it is nor run
 * scripts in it.
 */
const NO_PAGE = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cache-control': 'no-store',
}

export class HttpReply {
  /** The client hung up before the system had the answer. */
  onGone: (() => void) | undefined
  readonly #response: ServerResponse
  readonly #headers: Readonly<Record<string, string>>
  #isOver = false

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>>) {
    this.#response = response
    this.#headers = headers
    response.on('close', () => this.#closed())
  }

  /** `taken` is called when the system has it. */
  send({ body, content, status = 200, headers }: HttpAnswer, taken?: () => void): void {
    if (this.#isOver) {
      setImmediate(() => this.onGone?.())
      return
    }
    this.#response.writeHead(status, {
      ...this.#headers,
      ...headers,
      ...NO_PAGE,
      'content-type': content,
      // XEP-0124 §5: no chunks.
      'content-length': Buffer.byteLength(body),
    })
    this.#response.end(body, () => {
      this.#isOver = true
      taken?.()
    })
  }

  /** Ends the connection without an answer. */
  drop(): void {
    this.#response.destroy()
  }

  #closed(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.onGone?.()
  }
}
