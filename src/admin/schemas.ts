/** Shapes that several calls share. */
import { type Static, Type } from 'typebox'
import { MEDIA } from '../core/presence/modalities.ts'
import { ACTIVITIES, SOURCE_CLASSES } from '../core/presence/observation.ts'
import { COMPOSITION_TABLES } from '../directory/domain.ts'
import { API_ERRORS } from './api-error.ts'

export const ErrorBody = Type.Object(
  { error: Type.Object({ code: Type.Enum(Object.keys(API_ERRORS)), message: Type.String() }) },
  { description: 'A refusal; its code is stable and listed in docs/reference/errors.md.' },
)

/** With status 204. */
export const Done = Type.Unsafe<undefined>({ type: 'null', description: 'Done.' })

/** A body that is not JSON. */
export function textBody(type: string, description: string) {
  return { description, content: { [type]: { schema: Type.String() } } }
}

/** Any address of a user: his account, a `sip:`, `tel:` or `mailto:` URI, a number. */
export const AddressParam = Type.Object({
  address: Type.String({ minLength: 1, maxLength: 3071, description: 'Any address of the user.' }),
})

export const DomainBody = Type.Object({
  name: Type.String(),
  digestMd5: Type.Boolean({ description: 'XMPP DIGEST-MD5 is offered.' }),
  sipDigest: Type.Enum(['off', 'md5', 'sha-256', 'both'], {
    description: 'Algorithms of SIP digest authentication that are offered.',
  }),
  composition: Type.Enum([...COMPOSITION_TABLES], {
    description: 'By which table the states of its people are composed.',
  }),
  createdAt: Type.String({ format: 'date-time' }),
})

export const ADDRESS_TYPES = [
  'xmpp',
  'sip',
  'e164',
  'msrtc',
  'other-xmpp',
  'exchange',
  'notes',
] as const

export const CommunicationAddress = Type.Object({
  type: Type.Enum([...ADDRESS_TYPES]),
  value: Type.String({ minLength: 1, maxLength: 3071 }),
})

export type CommunicationAddress = Static<typeof CommunicationAddress>

export const UserBody = Type.Object({
  account: Type.String(),
  name: Type.String(),
  disabled: Type.Boolean(),
  createdAt: Type.String({ format: 'date-time' }),
  addresses: Type.Array(CommunicationAddress),
})
export type UserBody = Static<typeof UserBody>

export const State = Type.Enum([...ACTIVITIES])
/** One of `SOURCE_CLASSES`, or one that the option `presence.classes` added. */
export const Class = Type.String()
export const Instant = Type.String({ format: 'date-time' })
const Text = Type.String({ maxLength: 1024 })
const LOCATION = 'A location type of RFC 4589, such as office or train, or free text.'

const ModalityBody = Type.Object({
  reachable: Type.Boolean(),
  contact: Type.Optional(Type.String({ description: 'Where: a URI.' })),
})

export const PresenceBody = Type.Object({
  presentity: Type.String(),
  state: State,
  note: Type.Optional(Type.String()),
  location: Type.Optional(Type.String({ description: LOCATION })),
  since: Instant,
  manual: Type.Boolean(),
  modalities: Type.Partial(Type.Record(Type.Enum([...MEDIA]), ModalityBody), {
    description: 'By what he can be reached now; a medium that nothing of his offers is absent.',
  }),
  tuples: Type.Array(
    Type.Object({
      id: Type.String(),
      class: Class,
      basic: Type.Enum(['open', 'closed']),
      state: State,
      manual: Type.Boolean(),
      note: Type.Optional(Type.String()),
      location: Type.Optional(Type.String()),
      capabilities: Type.Optional(
        Type.Partial(Type.Record(Type.Enum(['voice', 'video', 'im']), Type.Boolean())),
      ),
      contact: Type.Optional(Type.String()),
      since: Instant,
    }),
  ),
})
export type PresenceBody = Static<typeof PresenceBody>

export const PresencePut = Type.Object(
  {
    state: State,
    note: Type.Optional(Text),
    location: Type.Optional(Type.String({ maxLength: 128, description: LOCATION })),
    until: Type.Optional(
      Type.String({ format: 'date-time', description: 'When the state ends by itself.' }),
    ),
    clear: Type.Optional(
      Type.Enum(['never', 'sign-in'], {
        description: 'What else ends a state set by hand: the next sign-in of a client of his.',
      }),
    ),
    class: Type.Optional(
      Type.String({
        default: 'manual',
        description: `${SOURCE_CLASSES.join(', ')}, or one of the option presence.classes. manual is kept over restarts; every other class is gone with the process.`,
      }),
    ),
    source: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9._-]{1,64}$',
        description: 'Name of an automatic source; two sources do not overwrite each other.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type PresencePut = Static<typeof PresencePut>
