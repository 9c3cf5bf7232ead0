import { OwnAddresses } from '../../../src/sip/proxy/own-addresses.ts'
import type { RouteRule } from '../../../src/sip/proxy/rules.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** One that fits everything and handles it here, but for what is given. */
export function rule(given: Partial<RouteRule>): RouteRule {
  return {
    name: undefined,
    methods: [],
    fromHosts: [],
    fromUsers: [],
    toHosts: [],
    toUsers: [],
    uris: [],
    events: [],
    action: 'local',
    destinations: [],
    selectBy: 'to',
    status: 403,
    allow: 'trusted',
    recordRoute: 'default',
    ...given,
  }
}

/** example.com at 192.0.2.1, by UDP and TCP on 5060 and TLS on 5061. */
export function ownAddresses(more: { advertise?: string; host?: string } = {}): OwnAddresses {
  const { advertise, host = '192.0.2.1' } = more
  return new OwnAddresses({
    clock: new FakeClock(),
    advertise,
    isLocal: (domain) => domain === 'example.com',
    listening: () => [
      { transport: 'udp', host, port: 5060 },
      { transport: 'tcp', host, port: 5060 },
      { transport: 'tls', host, port: 5061 },
    ],
  })
}
