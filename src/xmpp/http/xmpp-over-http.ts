/** The transports of XMPP over HTTP, as a part of HTTP listeners: any number of them share the sessions. */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { Callers } from '../../net/callers.ts'
import type { HttpPart } from '../../net/http-part.ts'
import { Origins } from '../../net/origins.ts'
import type { ClientStreams } from '../c2s/client-streams.ts'
import { Bosh } from './bosh/bosh-part.ts'
import { HostMeta } from './host-meta.ts'
import type { HttpConfig } from './http-config.ts'
import { Polling } from './polling/polling-part.ts'
import { WebSockets } from './websocket/websocket-part.ts'

export interface XmppOverHttpDeps {
  readonly streams: ClientStreams
  readonly config: HttpConfig
  readonly domains: () => readonly { readonly name: string }[]
}

/** What adds the transports to a listener. A listener that closes says goodbye to all clients over HTTP first. */
export function xmppOverHttp({ streams, config, domains }: XmppOverHttpDeps): HttpPart {
  const shared = {
    streams,
    config,
    callers: new Callers(config.trustedProxies),
    origins: new Origins(config),
  }
  const transports = [
    new WebSockets(shared),
    new Bosh(shared),
    new Polling(shared),
    new HostMeta({ ...shared, domains }),
  ]
  return async (app: FastifyInstance) => {
    for (const transport of transports) {
      // Each in a scope of its own: how bodies are taken is their own affair.
      const plugin: FastifyPluginAsync = async (scope) => transport.addTo(scope)
      await app.register(plugin)
    }
    app.addHook('preClose', () => streams.closeAll(OVER_HTTP))
  }
}

const OVER_HTTP = ['websocket', 'bosh', 'polling'] as const
