/** The option `smtp` as routes of mail. */
import { accessSync, constants } from 'node:fs'
import type { Config } from '../config/schema.ts'
import { parseJid } from '../core/address.ts'
import { DEFAULT_FROM, DEFAULT_SUBJECT, type MailRoute } from '../smtp/route.ts'
import { OperatorError } from '../util/operator-error.ts'

/** Throws `OperatorError`. */
export function mailRoutes({ smtp }: Pick<Config, 'smtp'>): MailRoute[] {
  const routes = smtp.map(routeOf)
  const domains = routes.map(({ domain }) => domain)
  const twice = domains.find((domain, at) => domains.indexOf(domain) !== at)
  if (twice !== undefined) throw bad(`smtp: two are for ${twice}`)
  return routes
}

function routeOf(options: Config['smtp'][number]): MailRoute {
  const { domain: named = '', host = '', user, password, ca, after } = options
  const domain = parseJid(named.trim())
  if (domain?.full !== domain?.domain || !domain) throw bad(`smtp: ${named} is no domain`)
  if ((user === undefined) !== (password === undefined)) {
    throw bad(`smtp: ${named}: user and password belong together: give both or none`)
  }
  const from = options.from ?? DEFAULT_FROM
  if (!/^[^<>]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/.test(from.trim())) {
    throw bad(`smtp: ${named}: from: expected an e-mail address, or NAME <ADDRESS>`)
  }
  if (ca !== undefined) requireReadable(ca)
  return {
    ...{ domain: domain.domain, host, user, password, ca, from },
    port: options.port,
    tls: options.tls,
    subject: options.subject ?? DEFAULT_SUBJECT,
    afterMs: after,
    keep: options.keep,
    perHour: options.perHour,
    accountIsAddress: options.accountIsAddress,
  }
}

function requireReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK)
  } catch (cause) {
    throw new OperatorError('CFG_UNREADABLE', `smtp: ca: ${path} cannot be read`, { cause })
  }
}

function bad(message: string): OperatorError {
  return new OperatorError('CFG_BAD_VALUE', message)
}
