import type { Config } from '../../../config/schema.ts'
import type { Clock } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { DnsCache } from './dns-cache.ts'
import { dnsSource } from './dns-source.ts'
import type { NameResolver } from './records.ts'

/** As the operator wants it. */
export function openResolver(
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  { servers, expiry, negativeExpiry, maxEntries }: Config['sip']['dns'],
): NameResolver {
  const terms = { expiryMs: expiry, negativeMs: negativeExpiry, maxEntries }
  return new DnsCache({ clock, log, source: dnsSource(servers) }, terms)
}
