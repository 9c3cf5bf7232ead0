/** Hands mails to the server of a route (RFC 5321), by STARTTLS (RFC 3207) and with a password (RFC 4954) where it says so. */
import { readFileSync } from 'node:fs'
import { createTransport, type NodemailerError, type SMTPTransportOptions } from 'nodemailer'
import type { Mail } from './mail.ts'
import type { MailRoute } from './route.ts'

export type MailOutcome =
  | { readonly kind: 'sent' }
  /** For good, or for now: by what the server said of this mail. */
  | { readonly kind: 'refused' | 'later'; readonly reason: string }
  /** The server takes no mail at all, from us or from anybody. */
  | { readonly kind: 'unavailable'; readonly reason: string }

export interface Mailer {
  /** Never rejects. */
  send(mail: Mail, signal: AbortSignal): Promise<MailOutcome>
}

const CONNECT_MS = 15_000
const SILENCE_MS = 30_000
const MAX_REASON = 300

export function smtpMailer(route: MailRoute): Mailer {
  return {
    async send(mail, signal) {
      try {
        // A transport for each: what its certificate is checked with may change on disk.
        const transport = createTransport(transportOptions(route))
        await transport.sendMail({ ...mail, headers: HEADERS, signal })
        return { kind: 'sent' }
      } catch (error) {
        return outcomeOf(error)
      }
    },
  }
}

/** RFC 3834 §5: whoever answers by himself does not answer this; and what Microsoft's servers listen to. */
const HEADERS = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

function transportOptions(route: MailRoute): SMTPTransportOptions {
  const { host, port, tls, user, password = '', ca } = route
  const withPassword = user !== undefined
  // Where TLS is a courtesy, so is the certificate (RFC 7435); a password is not for anybody who listens.
  const isStrict = tls !== 'offered' || withPassword
  return {
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: isStrict && tls !== 'implicit',
    opportunisticTLS: !isStrict,
    tls: {
      rejectUnauthorized: isStrict,
      minVersion: 'TLSv1.2',
      ...(ca !== undefined && { ca: readFileSync(ca) }),
    },
    ...(withPassword && { auth: { user, pass: password } }),
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    dnsTimeout: CONNECT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function outcomeOf(error: unknown): MailOutcome {
  if (!(error instanceof Error)) return { kind: 'unavailable', reason: String(error) }
  const { command = '', responseCode, permanent, message } = error as NodemailerError
  const reason = message.slice(0, MAX_REASON)
  // What is said of the recipient or of the text is said of this mail; the rest, the sender included, of all.
  const isOfThisMail = responseCode !== undefined && /^(RCPT|DATA)/.test(command)
  if (!isOfThisMail) return { kind: 'unavailable', reason }
  return { kind: permanent ? 'refused' : 'later', reason }
}
