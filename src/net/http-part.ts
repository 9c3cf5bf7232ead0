/** What a part of the server other than the API answers over HTTP. */
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'

/**
 * Adds routes to one listener, in a scope of its own: what it hooks, decorates and limits there concerns its routes only,
 * and nothing of the API's (sign-in, audit, limits of requests, deadline of bodies) does. Called once for each listener.
 * Who serves WebSockets beside: `onUpgrade` of `http-upgrades.ts`.
 */
export type HttpPart = (app: FastifyInstance) => void | Promise<void>

export async function addParts(app: FastifyInstance, parts: readonly HttpPart[]): Promise<void> {
  for (const part of parts) {
    const plugin: FastifyPluginAsync = async (scope) => part(scope)
    await app.register(plugin)
  }
}
