import Type from 'typebox'
import { boolean, choice } from '../option.ts'

export const xmppOptions = Type.Object(
  {
    plaintextAuth: boolean({
      default: false,
      doc: 'Lets clients sign in without TLS. For benchmarks on loopback only: passwords may cross the network readable. The log warns.',
    }),
    registration: choice(['off', 'open'], {
      default: 'off',
      doc: 'Whether anybody may make himself an account (XEP-0077).',
    }),
  },
  { description: 'XMPP.' },
)
