/** XEP-0156: where clients find the transports over HTTP, as `/.well-known/host-meta` of our domains (RFC 6415). */
import { domainToUnicode } from 'node:url'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { xml } from '../../xml/element.ts'
import type { HttpDeps } from './http-deps.ts'

const NS_XRD = 'http://docs.oasis-open.org/ns/xri/xrd-1.0'
const PATH = '/.well-known/host-meta'
const HTTPS_PORT = 443
/** §5: pages of any origin may read it, for it tells nothing that is not public. */
const CORS = { 'access-control-allow-origin': '*' }
const PREFLIGHT = { ...CORS, 'access-control-allow-methods': 'GET, OPTIONS' }

export interface HostMetaDeps extends Pick<HttpDeps, 'config' | 'callers'> {
  readonly domains: () => readonly { readonly name: string }[]
}

interface Link {
  readonly rel: string
  readonly href: string
}

export class HostMeta {
  readonly #deps: HostMetaDeps

  constructor(deps: HostMetaDeps) {
    this.#deps = deps
  }

  addTo(app: FastifyInstance): void {
    for (const path of [PATH, `${PATH}.json`]) {
      app.options(path, (_request, reply) => reply.status(204).headers(PREFLIGHT).send())
    }
    app.get(PATH, (request, reply) => {
      const base = this.#base(request)
      if (base === undefined) return reply.status(404).headers(CORS).send()
      return reply
        .headers(CORS)
        .type('application/xrd+xml; charset=utf-8')
        .send(xrd(this.#links(base)))
    })
    app.get(`${PATH}.json`, (request, reply) => {
      const base = this.#base(request)
      if (base === undefined) return reply.status(404).headers(CORS).send()
      return reply.headers(CORS).send({ links: this.#links(base) })
    })
  }

  #links(base: URL): Link[] {
    const { websocketPaths, boshPaths } = this.#deps.config
    const prefix = base.pathname.replace(/\/$/, '')
    const link = (method: string, scheme: string, [path]: readonly string[]) =>
      path === undefined
        ? []
        : [
            {
              rel: `urn:xmpp:alt-connections:${method}`,
              href: `${scheme}://${base.host}${prefix}${path}`,
            },
          ]
    return [...link('websocket', 'wss', websocketPaths), ...link('xbosh', 'https', boshPaths)]
  }

  /** What the links begin with; `undefined` where there is nothing that is safe to name (§3.2: HTTPS only). */
  #base({ raw, hostname }: FastifyRequest): URL | undefined {
    const { config, callers } = this.#deps
    if (config.publicUrl !== undefined) return new URL(config.publicUrl)
    const { isEncrypted, isDirect } = callers.of(raw)
    if (!isEncrypted) return undefined
    // A name that is ours: what anybody else writes in his request is not sent to others.
    const domains = this.#deps.domains().map(({ name }) => name)
    const asked = domainToUnicode(hostname)
    const domain = domains.includes(asked) ? asked : domains[0]
    // Nobody but the operator knows the ports of his proxy; most have the usual one.
    const port = isDirect ? (raw.socket.localPort ?? HTTPS_PORT) : HTTPS_PORT
    return domain === undefined ? undefined : new URL(`https://${domain}:${port}`)
  }
}

function xrd(links: readonly Link[]): string {
  const all = links.map(({ rel, href }) => xml('Link', { rel, href }))
  return `<?xml version='1.0' encoding='utf-8'?>\n${xml('XRD', { xmlns: NS_XRD }, ...all)}\n`
}
