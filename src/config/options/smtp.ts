import { boolean, choice, duration, integer, optionalPath, optionalText } from '../option.ts'
import { records } from '../records.ts'

const MAX_DOMAINS = 1_000

export const smtpOptions = records(
  {
    domain: optionalText({ doc: 'Whose users.' }),
    host: optionalText({ doc: 'The SMTP server that takes the mails.' }),
    port: integer({
      default: 587,
      min: 1,
      max: 65_535,
      doc: 'Its port. Usual are 587, with `tls: implicit` 465, between servers 25.',
    }),
    tls: choice(['required', 'implicit', 'offered'], {
      default: 'required',
      doc: '`required`: STARTTLS, or no mail. `implicit`: TLS from the first byte. `offered`: STARTTLS where the server has it, whatever its certificate; with a `user` it is `required` all the same.',
    }),
    user: optionalText({ doc: 'What this server signs in as, where it has to.' }),
    password: optionalText({ doc: 'And with which password.', secret: true }),
    ca: optionalPath({
      doc: 'PEM file of the authorities that may have signed its certificate, instead of the system’s.',
    }),
    from: optionalText({
      doc: 'Who the mails are from, such as `Chat of {domain} <no-reply@{domain}>`; `{sender}` in the name is who wrote the message. Without it `no-reply@{domain}`.',
    }),
    subject: optionalText({
      doc: 'Their subject. Without it `Message from {sender}`.',
    }),
    after: duration({
      default: '5m',
      min: '0s',
      max: '30 days',
      doc: 'How long a message waits for its recipient to sign in before it goes by e-mail.',
    }),
    keep: boolean({
      default: false,
      doc: 'Whether the message is also delivered when he signs in.',
    }),
    perHour: integer({
      default: 20,
      min: 1,
      max: 10_000,
      doc: 'Mails that one user gets in an hour. What comes above it waits, and goes together.',
    }),
    accountIsAddress: boolean({
      default: false,
      doc: 'Whether accounts are e-mail addresses, too: for users who have none of the types `exchange` and `notes`.',
    }),
  },
  {
    item: 'domain',
    max: MAX_DOMAINS,
    required: ['domain', 'host'],
    doc: 'Domains whose users get by e-mail what they were sent while they were not signed in. See the [how-to](../how-to/forward-messages-by-mail.md).',
  },
)
