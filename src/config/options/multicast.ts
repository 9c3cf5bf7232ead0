/** Stanzas for many recipients (XEP-0033). */
import Type from 'typebox'
import { boolean, choice, define, integer } from '../option.ts'
import { parseDomain } from '../values.ts'

export const multicastOptions = Type.Object(
  {
    enabled: boolean({
      default: true,
      doc: 'Whether clients may write to many at once, by the domain and by a service beside it.',
    }),
    name: define<string>(
      { type: 'string' },
      {
        description:
          'What stands before each domain in the address of that service: `multicast` is `multicast.example.com`. DNS need not know it.',
        default: 'multicast',
        expects: 'a name such as multicast',
        read: parseDomain,
      },
    ),
    maxAddresses: integer({
      default: 50,
      min: 21,
      max: 99,
      doc: 'Addresses of one stanza, of every type; more are not-acceptable. The bounds are those of XEP-0033 §8.',
    }),
    senders: choice(['users', 'admins'], {
      default: 'users',
      doc: 'Who may: every user, or only `xmpp.admins`. External components always may, people elsewhere never.',
    }),
  },
  { description: 'Messages and presence to many recipients at once (XEP-0033).' },
)
