/** Communication addresses of users. */
import type { BareJid } from '../../core/address.ts'
import type { Api } from '../api.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, CommunicationAddress, Done } from '../schemas.ts'
import type { Services } from '../services.ts'

export function addressRoutes(app: Api, { directory }: Services): void {
  const change =
    (apply: (account: BareJid, address: CommunicationAddress) => Promise<void>) =>
    async (params: { address: string }, address: CommunicationAddress) =>
      apply(await requireAccount(directory, params.address), address)
  const add = change((account, address) => directory.addAddress(account, address))
  const remove = change((account, address) => directory.removeAddress(account, address))

  app.post(
    '/api/v1/users/:address/addresses',
    {
      schema: {
        summary: 'Give a user another address',
        params: AddressParam,
        body: CommunicationAddress,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { params, body } = request
      request.subject = `${params.address} ${body.type} ${body.value}`
      await add(params, body)
      return reply.status(204).send()
    },
  )

  app.delete(
    '/api/v1/users/:address/addresses',
    {
      schema: {
        summary: 'Take an address from a user',
        params: AddressParam,
        querystring: CommunicationAddress,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { params, query } = request
      request.subject = `${params.address} ${query.type} ${query.value}`
      await remove(params, query)
      return reply.status(204).send()
    },
  )
}
