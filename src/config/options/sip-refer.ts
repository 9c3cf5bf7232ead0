/** REFERs that bring endpoints back (RFC 3515). */
import Type from 'typebox'
import { choice, integer, optionalText } from '../option.ts'

export const sipReferOptions = Type.Object(
  {
    atStart: choice(['off', 'lost', 'all'], {
      default: 'off',
      doc: 'Whom the server asks by REFER, when it has started, to subscribe again: nobody; watchers whose subscriptions did not outlive the restart, since they were reached by a connection of theirs (`lost`: each of these subscriptions is then written to the database, too); besides, every client that is registered (`all`).',
    }),
    perSecond: integer({
      default: 50,
      min: 1,
      max: 10_000,
      doc: 'REFERs that leave in one second.',
    }),
    redirect: optionalText({
      doc: 'Where clients shall take their XMPP connections, such as `im2.example.com:5222`; said in the `redirect` parameter of Refer-To.',
    }),
  },
  {
    description:
      'REFERs that ask endpoints to subscribe again, after a start and after a failover.',
  },
)
