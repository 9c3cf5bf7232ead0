import { integer, list, optionalText, requiredHost } from '../option.ts'
import { records } from '../records.ts'

export const componentsOption = records(
  {
    host: requiredHost({ doc: 'The domain that it speaks for; none of `domains`.' }),
    password: optionalText({ doc: 'What it signs in with.', secret: true }),
    allowedAddresses: list('network', {
      default: [],
      max: 100,
      doc: 'Where it may connect from; anywhere, where it is empty.',
    }),
    maxBuffered: integer({
      default: 100,
      min: 0,
      max: 10_000,
      doc: 'Stanzas that wait for it while it is not connected, of 1 MiB together.',
    }),
  },
  {
    doc: 'External components (XEP-0114), such as gateways and bots, which connect to `listen.components`.',
    item: 'component',
    max: 100,
    required: ['host', 'password'],
  },
)
