import Type from 'typebox'
import { boolean, choice, integer } from '../option.ts'

/** RFC 7677 §4 asks for 4,096 at least; more cost whoever tries passwords, and every sign-in of a client. */
function iterations(mechanism: string, min: number) {
  return integer({
    default: 10_000,
    min,
    max: 10_000_000,
    doc: `PBKDF2 rounds of ${mechanism} keys, for passwords set from then on.`,
  })
}

export const passwordOptions = Type.Object(
  {
    scramSha1Iterations: iterations('SCRAM-SHA-1', 4096),
    scramSha256Iterations: iterations('SCRAM-SHA-256', 10_000),
    scramSha512Iterations: iterations('SCRAM-SHA-512', 10_000),
  },
  { description: 'Passwords are never kept, only keys that were made from them.' },
)

export const messagingOptions = Type.Object(
  {
    offlinePerUser: integer({
      default: 1000,
      min: 0,
      max: 1_000_000,
      doc: 'Messages that are kept for a user who is not signed in. Those above it are bounced.',
    }),
  },
  { description: 'Instant messages, whatever their protocol.' },
)

export const authorizationOptions = Type.Object(
  {
    crossDomain: boolean({
      default: true,
      doc: 'Whether users of different domains of this system may see and write to each other, until an administrator switches it.',
    }),
    sameSystem: choice(['allow', 'confirm', 'block'], {
      default: 'allow',
      doc: 'Whether users of this system may watch each other where nothing more specific says: by SIP, and by XMPP where the one who is asked has no client to be asked at.',
    }),
  },
  { description: 'Who may see whose presence.' },
)
