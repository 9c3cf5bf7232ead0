/** The API's description of itself (OpenAPI 3): what all routes have in common is said here, once. */
import swagger from '@fastify/swagger'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { ErrorBody } from './schemas.ts'

export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  app.addHook('onRoute', describeRoute)
  await app.register(swagger, {
    openapi: {
      openapi: '3.0.3',
      info: {
        title: 'Heliograph',
        description: 'The HTTP API of a Heliograph server.',
        version,
      },
      components: {
        securitySchemes: {
          basic: { type: 'http', scheme: 'basic' },
          bearer: { type: 'http', scheme: 'bearer' },
        },
      },
      security: [{ basic: [] }, { bearer: [] }],
    },
  })
}

/** Any call can be refused, and all refusals look alike. */
function describeRoute({ schema, config }: RouteOptions): void {
  if (!schema || schema.hide) return
  const answers: unknown = schema.response
  schema.response = { ...(isRecord(answers) && answers), '4xx': ErrorBody, '5xx': ErrorBody }
  if (config?.public) schema.security = []
  if (config?.self) {
    const own = 'Users may call this for themselves.'
    schema.description = schema.description ? `${schema.description} ${own}` : own
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
