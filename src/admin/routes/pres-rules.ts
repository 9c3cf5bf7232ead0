/** A user's own rules as a document of RFC 5025, for clients that know no other form of them. */
import { Type } from 'typebox'
import { messageBlocksOf, withMessageBlocks } from '../../formats/pres-rules/message-blocks.ts'
import { AUTH_POLICY, MAX_BYTES, PresRulesError } from '../../formats/pres-rules/model.ts'
import { readPolicy, renderPolicy } from '../../formats/pres-rules/policy.ts'
import type { Api } from '../api.ts'
import { ApiError, type ApiErrorCode } from '../api-error.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, textBody } from '../schemas.ts'
import type { Services } from '../services.ts'

const PRES_RULES = '/api/v1/users/:address/pres-rules'
const Replaced = Type.Object({ rules: Type.Integer({ description: 'How many rules it made.' }) })

const CODES: Readonly<Record<PresRulesError['kind'], ApiErrorCode>> = {
  'not-well-formed': 'BAD_PRES_RULES',
  schema: 'BAD_PRES_RULES',
  unsupported: 'UNSUPPORTED_PRES_RULES',
  'too-large': 'TOO_LARGE',
}

export function presRulesRoutes(app: Api, { access, directory }: Services): void {
  const policy = { access, people: directory }
  app.addContentTypeParser(
    AUTH_POLICY,
    { parseAs: 'buffer', bodyLimit: MAX_BYTES },
    (_request, body, done) => done(null, body),
  )

  app.get(
    PRES_RULES,
    {
      config: { self: true },
      schema: {
        summary: 'Get a user’s own rules about who may see him, as pres-rules',
        description:
          'Without those that are enforced. Refused where pres-rules cannot say the same.',
        params: AddressParam,
        response: { 200: textBody(AUTH_POLICY, 'A document of RFC 4745 and RFC 5025.') },
      },
    },
    async ({ params }, reply) => {
      const owner = await requireAccount(directory, params.address)
      const rules = access.rules({ presentity: owner, enforced: false })
      const document = await translated(() => renderPolicy(policy, owner, rules))
      return reply.type(AUTH_POLICY).serializer(String).send(document)
    },
  )

  app.put(
    PRES_RULES,
    {
      bodyLimit: MAX_BYTES,
      config: { self: true },
      schema: {
        summary: 'Replace a user’s own rules about who may see him by those of a document',
        description: 'In one step for every watcher, or not at all where one rule cannot be kept.',
        params: AddressParam,
        consumes: [AUTH_POLICY],
        body: Type.Unknown(),
        response: { 200: Replaced },
      },
    },
    async (request) => {
      const { body, headers, params } = request
      if (!Buffer.isBuffer(body) || !isAuthPolicy(headers['content-type'])) {
        throw new ApiError('BAD_MEDIA_TYPE', `send ${AUTH_POLICY}`)
      }
      const owner = await requireAccount(directory, params.address)
      const said = await translated(() => readPolicy(policy, owner, body))
      const blocks = messageBlocksOf(access.rules({ presentity: owner }))
      const rules = await translated(() => withMessageBlocks(said, blocks))
      await access.replace({ remove: [{ presentity: owner, enforced: false }], put: rules })
      request.subject = `${owner} ${rules.length} rules`
      return { rules: rules.length }
    },
  )
}

/** Other calls take other bodies that are not JSON. */
function isAuthPolicy(type = ''): boolean {
  return type.split(';')[0]?.trim().toLowerCase() === AUTH_POLICY
}

async function translated<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof PresRulesError)) throw error
    throw new ApiError(CODES[error.kind], error.message)
  }
}
