/** Which web pages' scripts may connect (the Fetch standard's CORS, RFC 6455 §10.2). */
export interface OriginRules {
  readonly allowedOrigins: readonly string[]
  /** Of our own pages. */
  readonly publicUrl: string | undefined
}

const ANY = '*'
const PREFLIGHT_SECONDS = '86400'

export class Origins {
  readonly #allowed: ReadonlySet<string>

  constructor({ allowedOrigins, publicUrl }: OriginRules) {
    const own = publicUrl === undefined ? [] : [new URL(publicUrl).origin]
    this.#allowed = new Set([...allowedOrigins, ...own])
  }

  /** Who names none is no web page, and may say what he likes. */
  allows(origin: string | undefined): boolean {
    return origin === undefined || this.#allowed.has(ANY) || this.#allowed.has(origin)
  }

  /** For an answer to a page that may. Never with credentials: a sign-in is in the stream, and no cookie counts. */
  headers(origin: string | undefined): Record<string, string> {
    if (this.#allowed.has(ANY)) return { 'access-control-allow-origin': ANY }
    if (origin === undefined || !this.allows(origin)) return { vary: 'origin' }
    return { 'access-control-allow-origin': origin, vary: 'origin' }
  }

  /** For the question whether it may. */
  preflight(origin: string | undefined, methods: string): Record<string, string> {
    return {
      ...this.headers(origin),
      'access-control-allow-methods': methods,
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': PREFLIGHT_SECONDS,
    }
  }
}
