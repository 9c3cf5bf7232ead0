/** Which transports a domain offers by NAPTR, and where (RFC 3263 §4.1). */
import type { TransportName } from '../transport.ts'
import type { NaptrRecord } from './records.ts'

export interface OfferedService {
  readonly transport: TransportName
  /** Has SRV records. */
  readonly name: string
}

/**
 * Those that we can reach; WebSockets (RFC 7118 §5.2.4) are not among them, since we only take them. TLS needs no
 * `sips` URI: a domain that offers it for `sip`, too, is taken at its word.
 */
const SERVICES: ReadonlyMap<string, TransportName> = new Map([
  ['SIP+D2U', 'udp'],
  ['SIP+D2T', 'tcp'],
  ['SIPS+D2T', 'tls'],
])

interface Wanted {
  readonly isSecure: boolean
  speaks(transport: TransportName): boolean
}

/** By order and preference, which are the domain's to give; what we do not speak is passed over. */
export function offeredServices(
  records: readonly NaptrRecord[],
  { isSecure, speaks }: Wanted,
): readonly OfferedService[] {
  return records
    .toSorted((a, b) => a.order - b.order || a.preference - b.preference)
    .flatMap(({ flags, service, replacement }) => {
      const transport = SERVICES.get(service.toUpperCase())
      if (flags.toLowerCase() !== 's' || !transport || !speaks(transport)) return []
      // A `sips` URI is never resolved to anything else (§4.1).
      return isSecure && transport !== 'tls' ? [] : [{ transport, name: replacement }]
    })
}
