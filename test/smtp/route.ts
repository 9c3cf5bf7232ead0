import type { MailRoute } from '../../src/smtp/route.ts'

/** Of `corp.example`. */
export function testRoute(changes: Partial<MailRoute> = {}): MailRoute {
  return {
    domain: 'corp.example',
    host: '127.0.0.1',
    port: 25,
    tls: 'offered',
    user: undefined,
    password: undefined,
    ca: undefined,
    from: 'no-reply@{domain}',
    subject: 'Message from {sender}',
    afterMs: 300_000,
    keep: false,
    perHour: 3,
    accountIsAddress: false,
    ...changes,
  }
}
