/** Domains that the system serves. */
import { type Static, Type } from 'typebox'
import type { Domain } from '../../directory/domain.ts'
import type { Api } from '../api.ts'
import { DomainBody, Done } from '../schemas.ts'
import type { Services } from '../services.ts'

const DomainParam = Type.Object({ domain: Type.String({ minLength: 1, maxLength: 1023 }) })
const Settings = Type.Partial(Type.Pick(DomainBody, ['digestMd5', 'sipDigest', 'composition']))

export function domainRoutes(app: Api, { directory }: Services): void {
  app.get(
    '/api/v1/domains',
    {
      schema: {
        summary: 'List the domains',
        response: { 200: Type.Object({ domains: Type.Array(DomainBody) }) },
      },
    },
    () => ({ domains: directory.domains().map(domainBody) }),
  )

  app.post(
    '/api/v1/domains',
    {
      schema: {
        summary: 'Add a domain',
        body: Type.Intersect([Type.Pick(DomainBody, ['name']), Settings]),
        response: { 201: DomainBody },
      },
    },
    async (request, reply) => {
      const { name, ...settings } = request.body
      request.subject = name
      return reply.status(201).send(domainBody(await directory.addDomain(name, settings)))
    },
  )

  app.patch(
    '/api/v1/domains/:domain',
    {
      schema: {
        summary:
          'Change a domain; what it offers applies to passwords set from then on, its composition at once',
        params: DomainParam,
        body: Settings,
        response: { 200: DomainBody },
      },
    },
    async ({ params, body }) => domainBody(await directory.updateDomain(params.domain, body)),
  )

  app.delete(
    '/api/v1/domains/:domain',
    {
      schema: {
        summary: 'Remove a domain without users',
        params: DomainParam,
        response: { 204: Done },
      },
    },
    async ({ params }, reply) => {
      await directory.removeDomain(params.domain)
      return reply.status(204).send()
    },
  )
}

function domainBody({ createdAt, ...domain }: Domain): Static<typeof DomainBody> {
  return { ...domain, createdAt: new Date(createdAt).toISOString() }
}
