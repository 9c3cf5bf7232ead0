import Type from 'typebox'
import { boolean, define, integer, size } from '../option.ts'
import { parseUrlPath } from '../values.ts'

export const xcapOptions = Type.Object(
  {
    enabled: boolean({
      default: true,
      doc: 'Whether clients may read and change contact lists, rules and other documents over HTTPS (XCAP, RFC 4825), on the listeners of `http`.',
    }),
    root: define<string>(
      { type: 'string' },
      {
        description: 'The path of the XCAP root, below which all documents are.',
        default: '/xcap',
        expects: 'a path such as /xcap',
        read: parseUrlPath,
      },
    ),
    maxDocument: size({
      default: '1 MB',
      min: 1024,
      max: 16 * 1024 ** 2,
      doc: 'The largest document; also, of what a request may bring.',
    }),
    maxDocuments: integer({
      default: 100,
      min: 1,
      max: 10_000,
      doc: 'Documents of one user that are kept for themselves. Those that show contact lists and rules count once they were put.',
    }),
    quota: size({
      default: '5 MB',
      min: 1024,
      max: 1024 ** 3,
      doc: 'What all documents of one user take.',
    }),
    requestsPerMinute: integer({
      default: 600,
      min: 1,
      max: 1_000_000,
      doc: 'Requests that one network address may make in a minute; more are refused with 429.',
    }),
  },
  {
    description:
      'XCAP (RFC 4825): documents of users, and contact lists and access rules as documents.',
  },
)
