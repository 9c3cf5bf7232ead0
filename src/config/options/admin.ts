import Type from 'typebox'
import { duration, integer, optionalText } from '../option.ts'

export const adminOptions = Type.Object(
  {
    password: optionalText({
      secret: true,
      doc: 'The password of the first administrator, `admin`. Used at the first start only; without it one is generated and printed.',
    }),
    sessionLifetime: duration({
      default: '12h',
      min: '1m',
      max: '30 days',
      doc: 'How long an administrator stays signed in.',
    }),
    requestsPerMinute: integer({
      default: 600,
      min: 1,
      max: 1_000_000,
      doc: 'API requests that one address may make in a minute. Above it 429.',
    }),
    auditKeep: duration({
      default: '400 days',
      min: '1 day',
      doc: 'How long the audit log is kept.',
    }),
  },
  { description: 'Administration: the HTTPS API and its sign-in.' },
)
