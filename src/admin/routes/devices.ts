/** Clients that may come back without a password (XEP-0484). */
import { Type } from 'typebox'
import type { Device } from '../../directory/devices.ts'
import type { Api } from '../api.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, Done } from '../schemas.ts'
import type { Services } from '../services.ts'

const DeviceBody = Type.Object({
  id: Type.String({ description: 'Tells devices of one user apart.' }),
  software: Type.Optional(Type.String({ description: 'As the client calls itself.' })),
  model: Type.Optional(Type.String({ description: 'What it says that it runs on.' })),
  usedAt: Type.String({ format: 'date-time', description: 'To the day.' }),
  until: Type.String({ format: 'date-time', description: 'It must have come back by then.' }),
})

const DeviceParam = Type.Object({
  ...AddressParam.properties,
  device: Type.String({ minLength: 1, maxLength: 100 }),
})

export function deviceRoutes(app: Api, { directory }: Services): void {
  const { devices } = directory

  app.get(
    '/api/v1/users/:address/devices',
    {
      config: { self: true },
      schema: {
        summary:
          'List the clients of a user that may sign in without his password, last used first',
        params: AddressParam,
        response: { 200: Type.Object({ devices: Type.Array(DeviceBody) }) },
      },
    },
    async ({ params }) => {
      const list = await devices.list(await requireAccount(directory, params.address))
      return { devices: list.map(deviceBody) }
    },
  )

  app.delete(
    '/api/v1/users/:address/devices',
    {
      config: { self: true },
      schema: {
        summary: 'Have all of a user’s clients sign in with his password; their sessions end',
        params: AddressParam,
        response: { 204: Done },
      },
    },
    async ({ params }, reply) => {
      await devices.removeAll(await requireAccount(directory, params.address))
      return reply.status(204).send()
    },
  )

  app.delete(
    '/api/v1/users/:address/devices/:device',
    {
      config: { self: true },
      schema: {
        summary: 'Have one client of a user sign in with his password; its session ends',
        params: DeviceParam,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { address, device } = request.params
      request.subject = `${address} ${device}`
      await devices.remove(await requireAccount(directory, address), device)
      return reply.status(204).send()
    },
  )
}

function deviceBody({ id, software, model, usedAt, until }: Device) {
  return {
    id,
    ...(software !== undefined && { software }),
    ...(model !== undefined && { model }),
    usedAt: new Date(usedAt).toISOString(),
    until: new Date(until).toISOString(),
  }
}
