/** How the messages of a domain's absent users go by e-mail. */
export interface MailRoute {
  readonly domain: string
  readonly host: string
  readonly port: number
  /** `required`: STARTTLS or nothing; `implicit`: from the first byte; `offered`: STARTTLS where the server has it. */
  readonly tls: 'required' | 'implicit' | 'offered'
  readonly user: string | undefined
  readonly password: string | undefined
  /** PEM file of the authorities that may have signed the server's certificate, instead of the system's. */
  readonly ca: string | undefined
  /** Who the mail is from, and what it is about: `{domain}` and `{sender}` stand for what they say. */
  readonly from: string
  readonly subject: string
  /** How long a message waits before, milliseconds. */
  readonly afterMs: number
  /** Whether it still waits for its recipient after. */
  readonly keep: boolean
  /** Mails that one user may get in an hour. */
  readonly perHour: number
  /** Whether an account is an e-mail address, for users who have no other. */
  readonly accountIsAddress: boolean
}

export const DEFAULT_FROM = 'no-reply@{domain}'
export const DEFAULT_SUBJECT = 'Message from {sender}'

export function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
