import Type from 'typebox'
import { duration } from '../option.ts'

export const overloadOptions = Type.Object(
  {
    refuseAbove: duration({
      default: '500ms',
      min: '0s',
      max: '1m',
      doc: 'How long work may wait, in the event loop or in the queue of the UDP socket, before the server refuses what is new: SIP SUBSCRIBE, PUBLISH, REGISTER and MESSAGE outside dialogs get 503 with Retry-After (RFC 3261 §21.5.4), XMPP connections `resource-constraint` (RFC 6120 §4.9.3.17). What was begun goes on. 0s refuses nothing.',
    }),
  },
  { description: 'What the server does when there is more to do than it can carry.' },
)
