/** What holds for watchers of whom nothing else is said: of the system, of a domain, of a user. */
import { Type } from 'typebox'
import { ALL_LEVEL } from '../../core/presence/access/access-level.ts'
import { ANYBODY, EXTERNAL, type Rule } from '../../core/presence/access/rule.ts'
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

function addPlace(app: Api, services: Services, place: Place): void {
  addShow(app, services, place)
  addPut(app, services, place)
  addDelete(app, services, place)
}

function addShow(app: Api, services: Services, { url, of, self, presentity }: Place): void {
  app.get(
    url,
    {
      config: { self },
      schema: {
        summary: `The defaults of ${of}`,
        params: paramsOf(url),
        response: { 200: RulesBody },
      },
    },
    async (request) => {
      const owner = await presentity(services, request.params)
      return pageOf(defaultsOf(services, owner), { skip: 0, limit: LIMIT })
    },
  )
}

function addPut(app: Api, services: Services, { url, of, self, presentity }: Place): void {
  app.put(
    url,
    {
      config: { self },
      schema: {
        summary: `Set the default of ${of}`,
        params: paramsOf(url),
        body: DefaultPut,
        response: { 200: RulePutBody },
      },
    },
    async (request) => {
      const { action, level = ALL_LEVEL.name, external = false } = request.body
      const rule = { watcher: external ? EXTERNAL : ANYBODY, level, action }
      const owner = { presentity: await presentity(services, request.params), enforced: false }
      request.subject = subjectOf(owner, rule)
      return putRule(services, owner, { ...rule, existing: 'allow' })
    },
  )
}

function addDelete(app: Api, services: Services, { url, of, self, presentity }: Place): void {
  app.delete(
    url,
    {
      config: { self },
      schema: {
        summary: `Delete the defaults of ${of}`,
        params: paramsOf(url),
        querystring: DefaultFilter,
        response: { 200: DeletedBody },
      },
    },
    async (request) => {
      const { level, external } = request.query
      const owner = await presentity(services, request.params)
      const rules = defaultsOf(services, owner).filter(
        (rule) =>
          (level === undefined || rule.level === level) &&
          (external === undefined || (rule.watcher === EXTERNAL) === external),
      )
      const deleted = await deleteRules(services.access, rules)
      request.subject = `${request.url}: ${deleted}`
      return { deleted }
    },
  )
}

function defaultsOf({ access }: Services, presentity: string): Rule[] {
  return access
    .rules({ presentity, enforced: false })
    .filter(({ watcher }) => watcher === ANYBODY || watcher === EXTERNAL)
}

function paramsOf(url: string) {
  if (url.includes(':address')) return AddressParam
  return url.includes(':domain') ? DomainParam : Type.Object({})
}
