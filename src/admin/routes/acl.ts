/** Every rule of access control, for administrators. */
import { Type } from 'typebox'
import {
  DeletedBody,
  Existing,
  Page,
  RuleFilterQuery,
  RulePut,
  RulePutBody,
  RulesBody,
} from '../access-schemas.ts'
import type { Api } from '../api.ts'
import { ApiError } from '../api-error.ts'
import { requirePresentity } from '../patterns.ts'
import { deleteRules, pageOf, parseFilter, putRule, rulesOf, subjectOf } from '../rules.ts'
import type { Services } from '../services.ts'

const ACL = '/api/v1/acl'

export function aclRoutes(app: Api, services: Services): void {
  const { access, directory } = services

  app.get(
    ACL,
    {
      schema: {
        summary: 'List rules by presentity, watcher, level, action and kind',
        querystring: Type.Object({ ...RuleFilterQuery.properties, ...Page.properties }),
        response: { 200: RulesBody },
      },
    },
    async ({ query }) => {
      const { kind, skip, limit, ...filter } = query
      const rules = rulesOf(access, await parseFilter(services, filter), kind)
      return pageOf(rules, { skip, limit })
    },
  )

  app.put(
    ACL,
    {
      schema: {
        summary: 'Make or change one rule; it holds for every live watcher at once',
        querystring: Existing,
        body: RulePut,
        response: { 200: RulePutBody },
      },
    },
    async (request) => {
      const { body, query } = request
      const { enforced = false, ...rest } = body
      request.subject = subjectOf(body, body)
      const presentity = await requirePresentity(directory, body.presentity)
      return putRule(services, { presentity, enforced }, { ...rest, ...query })
    },
  )

  app.delete(
    ACL,
    {
      schema: {
        summary: 'Delete the rules that fit, in one step',
        querystring: Type.Object({
          ...RuleFilterQuery.properties,
          all: Type.Boolean({
            default: false,
            description: 'Needed where nothing else says which.',
          }),
        }),
        response: { 200: DeletedBody },
      },
    },
    async (request) => {
      const { kind, all, external, ...filter } = request.query
      if (!all && kind === undefined && Object.keys(filter).length === 0) {
        throw new ApiError('BAD_REQUEST', 'say which rules, or all=true')
      }
      const rules = rulesOf(access, await parseFilter(services, { ...filter, external }), kind)
      const deleted = await deleteRules(access, rules)
      request.subject = `${request.url}: ${deleted}`
      return { deleted }
    },
  )
}
