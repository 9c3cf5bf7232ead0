/** A user's own rules: his, and never those that an administrator enforces. */
import type { BareJid } from '../../core/address.ts'
import {
  DeletedBody,
  Existing,
  OwnRuleFilter,
  OwnRulePut,
  Page,
  RulePutBody,
  RulesBody,
} from '../access-schemas.ts'
import type { Api } from '../api.ts'
import { requireAccount } from '../resolve.ts'
import { deleteRules, ownFilter, pageOf, putRule, rulesOf, subjectOf } from '../rules.ts'
import { AddressParam } from '../schemas.ts'
import type { Services } from '../services.ts'

const ACL = '/api/v1/users/:address/acl'

export function ownAclRoutes(app: Api, services: Services): void {
  const { access, directory } = services
  const own = (presentity: BareJid) => ({ presentity, enforced: false })

  app.get(
    ACL,
    {
      config: { self: true },
      schema: {
        summary: 'List the rules about who may see a user; with those that are enforced',
        params: AddressParam,
        querystring: Page,
        response: { 200: RulesBody },
      },
    },
    async ({ params, query }) => {
      const presentity = await requireAccount(directory, params.address)
      return pageOf(access.rules({ presentity }), query)
    },
  )

  app.put(
    ACL,
    {
      config: { self: true },
      schema: {
        summary: 'Make or change one rule about who may see a user',
        params: AddressParam,
        querystring: Existing,
        body: OwnRulePut,
        response: { 200: RulePutBody },
      },
    },
    async (request) => {
      const { params, body, query } = request
      request.subject = subjectOf({ presentity: params.address }, body)
      const owner = own(await requireAccount(directory, params.address))
      return putRule(services, owner, { ...body, ...query })
    },
  )

  app.delete(
    ACL,
    {
      config: { self: true },
      schema: {
        summary: 'Delete the rules of a user that fit; all of his where nothing says which',
        params: AddressParam,
        querystring: OwnRuleFilter,
        response: { 200: DeletedBody },
      },
    },
    async (request) => {
      const owner = own(await requireAccount(directory, request.params.address))
      const filter = await ownFilter(services, owner, request.query)
      const deleted = await deleteRules(access, rulesOf(access, filter, undefined))
      request.subject = `${request.url}: ${deleted}`
      return { deleted }
    },
  )
}
