/** What holds for watchers of whom nothing else is said: of the system, of a domain, of a user. */
import { Type } from 'typebox'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import { ANYBODY, EXTERNAL } from '../../core/presence/access/rule.ts'
import {
  DefaultFilter,
  DefaultPut,
  DeletedBody,
  RulePutBody,
  RulesBody,
} from '../access-schemas.ts'
import type { Api } from '../api.ts'
import { requirePresentity } from '../patterns.ts'
import { requireAccount } from '../resolve.ts'
import { deleteRules, pageOf, putRule, subjectOf } from '../rules.ts'
import { AddressParam } from '../schemas.ts'
import type { Services } from '../services.ts'

/** One place where such rules are kept. */
interface Place {
  readonly url: string
  readonly of: string
  readonly self: boolean
  /** Whose rules these are, from the parameters of the path. */
  presentity(services: Services, params: Params): string | Promise<string>
}

const DomainParam = Type.Object({
  domain: Type.String({
    minLength: 1,
    maxLength: 1023,
    description: 'Also another system’s: users with an address there.',
  }),
})
/** Of whichever place. */
interface Params {
  readonly address?: string
  readonly domain?: string
}

const PLACES: readonly Place[] = [
  {
    url: '/api/v1/acl/default',
    of: 'the system',
    self: false,
    presentity: () => ANYBODY,
  },
  {
    url: '/api/v1/domains/:domain/acl/default',
    of: 'the users with an account or another system’s address in a domain',
    self: false,
    presentity: ({ directory }, { domain = '' }) => requirePresentity(directory, `@${domain}`),
  },
  {
    url: '/api/v1/users/:address/acl/default',
    of: 'a user',
    self: true,
    presentity: ({ directory }, { address = '' }) => requireAccount(directory, address),
  },
]

const LIMIT = 1000

export function defaultRuleRoutes(app: Api, services: Services): void {
  for (const place of PLACES) addPlace(app, services, place)
}

function addPlace(app: Api, services: Services, { url, of, self, presentity }: Place): void {
  const { access } = services
  const params = paramsOf(url)
  const config = { self }
  const rulesOf = async (given: Params, external?: boolean) => {
    const watchers = [ANYBODY, EXTERNAL].filter(
      (watcher) => external === undefined || (watcher === EXTERNAL) === external,
    )
    const owner = await presentity(services, given)
    return access
      .rules({ presentity: owner, enforced: false })
      .filter(({ watcher }) => watchers.includes(watcher))
  }

  app.get(
    url,
    {
      config,
      schema: { summary: `The defaults of ${of}`, params, response: { 200: RulesBody } },
    },
    async (request) => pageOf(await rulesOf(request.params), { skip: 0, limit: LIMIT }),
  )

  app.put(
    url,
    {
      config,
      schema: {
        summary: `Set the default of ${of}`,
        params,
        body: DefaultPut,
        response: { 200: RulePutBody },
      },
    },
    async (request) => {
      const { action, level = ALL_LEVEL.name, external = false } = request.body
      const rule = { watcher: external ? EXTERNAL : ANYBODY, level, action }
      const owner = {
        presentity: await presentity(services, request.params),
        enforced: false,
      }
      request.subject = subjectOf(owner, rule)
      return putRule(services, owner, { ...rule, existing: 'allow' })
    },
  )

  app.delete(
    url,
    {
      config,
      schema: {
        summary: `Delete the defaults of ${of}`,
        params,
        querystring: DefaultFilter,
        response: { 200: DeletedBody },
      },
    },
    async (request) => {
      const { level, external } = request.query
      const rules = (await rulesOf(request.params, external)).filter(
        (rule) => level === undefined || rule.level === level,
      )
      const deleted = await deleteRules(access, rules)
      request.subject = `${request.url}: ${deleted}`
      return { deleted }
    },
  )
}

function paramsOf(url: string) {
  if (url.includes(':address')) return AddressParam
  return url.includes(':domain') ? DomainParam : Type.Object({})
}
