import Type from 'typebox'
import { integer, optionalText } from '../option.ts'

export const adminOptions = Type.Object(
  {
    password: optionalText({
      secret: true,
      doc: 'The password of the first administrator, `admin`, 8 to 1024 characters. Used at the first start only; without it one is generated and printed.',
    }),
    requestsPerMinute: integer({
      default: 600,
      min: 1,
      max: 1_000_000,
      doc: 'API requests that one address may make in a minute. Above it 429.',
    }),
  },
  { description: 'Administration: the HTTPS API and its sign-in.' },
)
