import Type from 'typebox'
import { duration, integer, list } from '../option.ts'

export const sipDnsOptions = Type.Object(
  {
    servers: list('nameServer', {
      default: [],
      max: 16,
      doc: 'Name servers to ask where SIP requests go, as ADDRESS or ADDRESS:PORT. Where there are none, the system’s are asked, and `/etc/hosts` counts.',
    }),
    expiry: duration({
      default: '5m',
      min: '1s',
      max: '1 day',
      doc: 'How long answers of the DNS are kept at most. Addresses are kept for as long as they say themselves, up to this; SRV and NAPTR records for this.',
    }),
    negativeExpiry: duration({
      default: '30s',
      min: '1s',
      max: '1h',
      doc: 'How long it is kept that a name has no records of a kind.',
    }),
    maxEntries: integer({
      default: 10_000,
      min: 10,
      max: 1_000_000,
      doc: 'Names whose records are kept, of each kind. Above it the oldest make room.',
    }),
    failedFor: duration({
      default: '30s',
      max: '1h',
      doc: 'How long a next hop that could not be reached, did not answer or answered 503 is tried after the others of its domain (RFC 3263 §4.3). A Retry-After of its own counts instead. 0s remembers none.',
    }),
  },
  { description: 'Where requests to other SIP servers go (RFC 3263).' },
)
