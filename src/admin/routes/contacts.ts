/** A user's contact list: the very roster that his XMPP clients show, which hear of each change. */
import { Type } from 'typebox'
import type { Api } from '../api.ts'
import { ContactBody, contactBody } from '../contact-body.ts'
import { requireAccount } from '../resolve.ts'
import { AddressParam, Done } from '../schemas.ts'
import type { Services } from '../services.ts'

const CONTACTS = '/api/v1/users/:address/contacts'

const Name = Type.String({ maxLength: 255 })
const Groups = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
  maxItems: 50,
  uniqueItems: true,
})

const ContactPut = Type.Object(
  {
    name: Type.Optional(Name),
    groups: Type.Optional(Groups),
    presence: Type.Optional(
      Type.Boolean({ description: 'Subscribe, or not; a new contact is subscribed to.' }),
    ),
  },
  { additionalProperties: false },
)

const ContactParams = Type.Object({
  ...AddressParam.properties,
  contact: Type.String({
    minLength: 1,
    maxLength: 3071,
    description: 'Any address of the contact: account, handle, E.164 or private number, URI.',
  }),
})

export function contactRoutes(app: Api, services: Services): void {
  addList(app, services)
  addPut(app, services)
  addDelete(app, services)
}

function addList(app: Api, { contacts, directory }: Services): void {
  app.get(
    CONTACTS,
    {
      config: { self: true },
      schema: {
        summary: 'A user’s contacts in order of address, a page at a time',
        params: AddressParam,
        querystring: Type.Object({
          after: Type.Optional(Type.String({ maxLength: 3071 })),
          limit: Type.Integer({ minimum: 1, maximum: 1000, default: 1000 }),
        }),
        response: {
          200: Type.Object({
            account: Type.String(),
            contacts: Type.Array(ContactBody),
            total: Type.Integer({ description: 'On the whole list.' }),
          }),
        },
      },
    },
    async ({ params, query }) => {
      const account = await requireAccount(directory, params.address)
      const page = await contacts.list(account, query)
      return { account, contacts: page.contacts.map(contactBody), total: page.total }
    },
  )
}

function addPut(app: Api, { contacts, directory }: Services): void {
  app.put(
    `${CONTACTS}/:contact`,
    {
      config: { self: true },
      schema: {
        summary: 'Add or change a contact by any address; the subscription follows',
        params: ContactParams,
        body: ContactPut,
        response: {
          200: Type.Object({
            outcome: Type.Enum(['created', 'changed', 'same']),
            contact: ContactBody,
          }),
        },
      },
    },
    async (request) => {
      const { params, body } = request
      request.subject = `${params.address} ${params.contact}`
      const account = await requireAccount(directory, params.address)
      const { outcome, contact } = await contacts.put(account, params.contact, body)
      return { outcome, contact: contactBody(contact) }
    },
  )
}

function addDelete(app: Api, { contacts, directory }: Services): void {
  app.delete(
    `${CONTACTS}/:contact`,
    {
      config: { self: true },
      schema: {
        summary: 'Take a contact off the list; the two see each other no more',
        params: ContactParams,
        response: { 204: Done },
      },
    },
    async (request, reply) => {
      const { params } = request
      request.subject = `${params.address} ${params.contact}`
      const account = await requireAccount(directory, params.address)
      await contacts.remove(account, params.contact)
      return reply.status(204).send()
    },
  )
}
