/** Presence over HTTP: the API as a source, as a watcher, and as the one that explains. */
import { Type } from 'typebox'
import type { BareJid } from '../../core/address.ts'
import type { Observation, SourceClass } from '../../core/presence/observation.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { openEventStream } from '../event-stream.ts'
import { ExplainBody } from '../explain-schema.ts'
import { explainWatchers } from '../explain-watchers.ts'
import { explainBody, presenceBody } from '../presence-body.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, PresenceBody, PresencePut, textBody } from '../schemas.ts'
import type { Services } from '../services.ts'

const SourceQuery = Type.Object({ source: Type.Optional(PresencePut.properties.source) })

export function presenceRoutes(app: Api, services: Services): void {
  const { directory, presence, manual } = services

  app.get(
    '/api/v1/presence/:address',
    {
      config: { self: true },
      schema: {
        summary: 'The composed presence of a person',
        params: AddressParam,
        response: { 200: PresenceBody },
      },
    },
    async ({ params }) => shown(services, await requireAccount(directory, params.address)),
  )

  app.get(
    '/api/v1/presence/:address/explain',
    {
      config: { self: true },
      schema: {
        summary: 'Why the presence of a person says what it says',
        params: AddressParam,
        response: { 200: ExplainBody },
      },
    },
    async ({ params }) => {
      const account = await requireAccount(directory, params.address)
      const watchers = await explainWatchers(services, account)
      return { ...explainBody(presence.explain(account)), ...watchers }
    },
  )

  app.get(
    '/api/v1/presence/:address/events',
    {
      config: { self: true },
      // Nobody would ever end the stream that a HEAD opened.
      exposeHeadRoute: false,
      schema: {
        summary:
          'Server-sent events: the presence now, then every change; who waits for a word; contacts',
        params: AddressParam,
        response: {
          200: textBody(
            'text/event-stream',
            'Events `presence`, each a presence as JSON; `watch-request`, each the list of watch requests; and `contact`, each a contact as he is now, or that he was removed.',
          ),
        },
      },
    },
    async ({ params, principal }, reply) => {
      const account = await requireAccount(directory, params.address)
      const mailbox = await directory.primaryUri(account, 'mailto')
      openEventStream(services, reply, { account, principal, mailbox })
      return reply
    },
  )

  app.put(
    '/api/v1/presence/:address',
    {
      config: { self: true },
      schema: {
        summary: 'Say what a person is doing; class manual is his own word and outlives a restart',
        params: AddressParam,
        body: PresencePut,
        response: { 200: PresenceBody },
      },
    },
    async (request) => {
      const { params, body } = request
      request.subject = `${params.address} ${body.state}`
      const account = await requireAccount(directory, params.address)
      try {
        await put(services, account, body)
      } catch (error) {
        throw error instanceof RangeError ? new ApiError('TOO_MANY_SOURCES') : error
      }
      return await shown(services, account)
    },
  )

  app.delete(
    '/api/v1/presence/:address',
    {
      config: { self: true },
      schema: {
        summary: 'Withdraw what was put, the manual state or that of one source',
        params: AddressParam,
        querystring: SourceQuery,
        response: { 200: PresenceBody },
      },
    },
    async ({ params, query }) => {
      const account = await requireAccount(directory, params.address)
      if (query.source === undefined) await manual.clear(account)
      else presence.withdraw(account, sourceName(query.source))
      return await shown(services, account)
    },
  )
}

async function shown({ presence, directory }: Services, account: BareJid): Promise<PresenceBody> {
  return presenceBody(presence.document(account), await directory.primaryUri(account, 'mailto'))
}

async function put(services: Services, account: BareJid, body: PresencePut): Promise<void> {
  const now = services.clock.now()
  const until = body.until === undefined ? undefined : Date.parse(body.until)
  if (until !== undefined && !(until > now)) {
    throw new ApiError('BAD_REQUEST', '"until" must be a time to come')
  }
  if (body.class === undefined || body.class === 'manual') {
    const { state, note, clear = 'never' } = manualBody(body)
    await services.manual.set({ account, state, note, since: now, until, clear })
    return
  }
  if (body.clear !== undefined) {
    throw new ApiError('BAD_REQUEST', '"clear" is for states set by hand; give "until"')
  }
  const observation = observationOf(services, body, body.class)
  // An application that dies is not believed for ever.
  const life = services.apiLifetimeMs
  const lasts = until === undefined ? { freshUntil: now + life, until: now + 2 * life } : { until }
  services.presence.report({
    presentity: account,
    source: sourceName(body.source ?? body.class),
    ...lasts,
    observations: [observation],
  })
}

function manualBody(body: PresencePut): PresencePut {
  if (body.source !== undefined) {
    throw new ApiError('BAD_REQUEST', 'a manual state has no "source": a person has only one')
  }
  if (body.location !== undefined) {
    throw new ApiError('BAD_REQUEST', 'a manual state has no "location": sources have')
  }
  if (body.state === 'unknown') {
    throw new ApiError('BAD_REQUEST', 'nobody says himself that his state is unknown')
  }
  return body
}

function observationOf(
  { access, clock }: Services,
  { state, note, location }: PresencePut,
  sourceClass: SourceClass,
): Observation {
  if (!access.classes.includes(sourceClass)) {
    const known = access.classes.join(', ')
    throw new ApiError('BAD_REQUEST', `no such class: ${sourceClass}; there are ${known}`)
  }
  if (state === 'appear-offline') {
    throw new ApiError('BAD_REQUEST', 'only a person appears offline, not a source')
  }
  const basic = state === 'offline' || state === 'unknown' ? 'closed' : 'open'
  return {
    id: sourceClass,
    class: sourceClass,
    basic,
    activity: state,
    manual: false,
    note,
    location,
    since: clock.now(),
  }
}

function sourceName(name: string): string {
  return `api/source-${name}`
}
