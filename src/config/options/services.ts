/** What domains say about themselves and about services beside them. */
import Type from 'typebox'
import { choice, define, duration, integer, list, optionalText, requiredHost } from '../option.ts'
import { records } from '../records.ts'
import { parseServiceType } from '../values.ts'

function contacts(whom: string) {
  return list('uri', { default: [], max: 20, doc: `${whom}.` })
}

export const contactAddressesOptions = Type.Object(
  {
    abuse: contacts('Of those who hear about abuse'),
    admin: contacts('Of the administrators'),
    feedback: contacts('Of those who want to hear what people think'),
    sales: contacts('Of those who sell'),
    security: contacts('Of those who hear about holes'),
    status: contacts('Pages that say how the service is'),
    support: contacts('Of those who help'),
  },
  { description: 'Whom people outside may write to, as every domain tells (XEP-0157).' },
)

export const outageUrlsOption = list('webUrl', {
  default: [],
  max: 20,
  doc: 'Where clients find a file that says what is wrong when they cannot reach the server (XEP-0455). It belongs on another machine.',
})

export const externalServicesOption = records(
  {
    type: define<string>(
      { type: 'string' },
      {
        description: '`stun`, `turn`, or another type of the registry of XEP-0215.',
        default: undefined,
        expects: 'a type such as turn',
        read: parseServiceType,
      },
    ),
    host: requiredHost({ doc: 'Where it is.' }),
    port: integer({
      default: 0,
      min: 0,
      max: 65_535,
      doc: '0 is the usual one: 3478 for `stun` and `turn`, 5349 for `stuns` and `turns`.',
    }),
    transport: choice(['udp', 'tcp'], { default: 'udp', doc: 'What it is spoken over.' }),
    name: optionalText({ doc: 'What people call it.' }),
    username: optionalText({ doc: 'The same for everybody.' }),
    password: optionalText({ doc: 'The same for everybody.', secret: true }),
    secret: optionalText({
      doc: 'What the service knows, too (coturn: `static-auth-secret`). Each user is then given a name and a password of his own, which last for `ttl`.',
      secret: true,
    }),
    ttl: duration({
      default: '1d',
      min: '1m',
      max: '30d',
      doc: 'How long those last.',
    }),
  },
  {
    doc: 'Services beside this one that its users may use, such as STUN and TURN for calls (XEP-0215).',
    item: 'external service',
    max: 100,
    required: ['type', 'host'],
  },
)
