import Type from 'typebox'
import {
  boolean,
  duration,
  integer,
  list,
  optionalDuration,
  optionalHost,
  size,
} from '../option.ts'
import { sipApplicationsOption } from './sip-applications.ts'
import { sipDnsOptions } from './sip-dns.ts'
import { sipListenersOption } from './sip-listeners.ts'
import { sipListsOptions } from './sip-lists.ts'
import { sipMessagingOptions } from './sip-messaging.ts'
import { packageOptions } from './sip-packages.ts'
import { sipPeerRulesOption } from './sip-peer-rules.ts'
import { pendingTimeout, sipPeerOptions } from './sip-peers.ts'
import { sipOutboundProxyOption, sipProxyOptions, sipRegistrarOption } from './sip-proxy.ts'
import { sipTransportOptions } from './sip-transport.ts'
import { sipWebSocketOptions } from './sip-websocket.ts'

/** The three bounds that every expiring thing of SIP has; `what` in the plural. */
function expiry(what: string, { short, max }: { short: string; max: string }) {
  return Type.Object(
    {
      minExpires: duration({
        default: '60s',
        min: '1s',
        max: '1h',
        doc: `Shorter ${what} are refused with 423 (${short}).`,
      }),
      expires: duration({
        default: '1h',
        min: '1s',
        max: '1w',
        doc: `How long ${what} last that ask for no time.`,
      }),
      maxExpires: duration({
        default: max,
        min: '1m',
        max: '1w',
        doc: `Longer ${what} are shortened to this.`,
      }),
    },
    { description: `Durations of ${what}.` },
  )
}

export const sipOptions = Type.Object(
  {
    trustedPeers: list('peer', {
      default: [],
      doc: 'Addresses and networks, and names that a client certificate must prove (mutual TLS, with `tls.clientCa`), whose requests need no digest. Their P-Asserted-Identity or From says who asks.',
    }),
    registrar: sipRegistrarOption,
    proxy: sipProxyOptions,
    outboundProxy: sipOutboundProxyOption,
    applicationServers: sipApplicationsOption,
    advertise: optionalHost({
      doc: 'What peers are told to reach this server by, in Via and Contact, where it is not the address that it listens on (behind NAT).',
    }),
    tlsVerify: boolean({
      default: true,
      doc: 'Whether a peer that the server connects to over TLS must prove its name, by the system’s authorities or `tls.clientCa`. A phone that registered over TLS is reached by its own connection in any case.',
    }),
    notifyInterval: optionalDuration({
      min: '0s',
      max: '1h',
      doc: 'Least time between two NOTIFYs of one subscription, whatever the event package. Without it each package has its own: 5s for `presence` (RFC 3856 §6.10), 1s for `dialog` (RFC 4235 §3.10). Final ones do not wait.',
    }),
    notifyFailures: integer({
      default: 3,
      min: 1,
      max: 100,
      doc: 'NOTIFYs in a row without a usable answer after which a subscription is removed.',
    }),
    subscribe: expiry('subscriptions', { short: 'RFC 6665 §4.2.1.1', max: '1d' }),
    pendingTimeout,
    peers: sipPeerOptions,
    publish: expiry('publications', { short: 'RFC 3903 §6', max: '1d' }),
    dns: sipDnsOptions,
    lists: sipListsOptions,
    webSocket: sipWebSocketOptions,
    listeners: sipListenersOption,
    transport: sipTransportOptions,
    peerRules: sipPeerRulesOption,
    register: expiry('registrations', { short: 'RFC 3261 §10.3', max: '2h' }),
    maxSubscriptions: integer({
      default: 200_000,
      min: 1,
      max: 10_000_000,
      doc: 'Subscriptions of all watchers together. Above it new ones get 503.',
    }),
    maxSubscriptionsPerWatcher: integer({
      default: 1000,
      min: 1,
      max: 100_000,
      doc: 'Subscriptions of one watcher. Above it new ones get 403.',
    }),
    maxPublicationsPerUser: integer({
      default: 20,
      min: 1,
      max: 200,
      doc: 'Live publications of one user. Above it new ones get 403.',
    }),
    maxBindingsPerUser: integer({
      default: 10,
      min: 1,
      max: 100,
      doc: 'Registered contacts of one user. Above it new ones get 403.',
    }),
    maxMessageBytes: size({
      default: '64 KB',
      min: 1024,
      max: 1_048_576,
      doc: 'Body of a MESSAGE or PUBLISH. Above it 413.',
    }),
    ...sipMessagingOptions,
    ...packageOptions,
  },
  { description: 'SIP and SIMPLE.' },
)
