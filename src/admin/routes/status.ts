/** How the server is: for a person, for a load balancer, for Prometheus. */
import { Type } from 'typebox'
import { metrics } from '../../util/metrics.ts'
import type { Api } from '../api.ts'
import { textBody } from '../schemas.ts'
import type { Services } from '../services.ts'

const StatusBody = Type.Object({
  version: Type.String(),
  startedAt: Type.String({ format: 'date-time' }),
  sessions: Type.Integer({ description: 'Bound resources, XMPP and SIP.' }),
  accountsOnline: Type.Integer(),
  users: Type.Integer(),
  domains: Type.Array(Type.String()),
  residentBytes: Type.Integer(),
  listeners: Type.Array(
    Type.Object({
      name: Type.String(),
      address: Type.String(),
      port: Type.Integer(),
      detail: Type.String(),
    }),
  ),
})

export function statusRoutes(app: Api, services: Services): void {
  const { directory, sessions, clock, version, listeners } = services
  const startedAt = new Date(clock.now()).toISOString()

  app.get(
    '/api/v1/status',
    { schema: { summary: 'What runs', response: { 200: StatusBody } } },
    async () => ({
      version,
      startedAt,
      sessions: sessions.count,
      accountsOnline: sessions.accountCount,
      users: await directory.countUsers(),
      domains: directory.domains().map(({ name }) => name),
      residentBytes: process.memoryUsage.rss(),
      listeners: listeners().map((listener) => ({ ...listener })),
    }),
  )

  app.get(
    '/health',
    {
      config: { public: true },
      schema: {
        summary: 'Answers 200 while the process serves',
        response: { 200: Type.Object({ status: Type.Literal('up') }) },
      },
    },
    () => ({ status: 'up' as const }),
  )

  app.get(
    '/metrics',
    {
      config: { localPublic: true },
      schema: {
        summary: 'Prometheus metrics; from this machine without sign-in',
        response: { 200: textBody('text/plain', 'In Prometheus’ text format.') },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()),
  )
}
