import Type from 'typebox'
import { duration, integer } from '../option.ts'

export const sipPeerOptions = Type.Object(
  {
    maxRequestsPerSecond: integer({
      default: 1000,
      min: 0,
      max: 1_000_000,
      doc: 'SUBSCRIBE, PUBLISH, REGISTER and MESSAGE requests outside dialogs that one address may send in a second, twice as many at once. Above it they get 503 with Retry-After; what was begun goes on. 0: no limit.',
    }),
    maxRequestsPerSecondTrusted: integer({
      default: 0,
      min: 0,
      max: 1_000_000,
      doc: 'The same for each of `sip.trustedPeers`.',
    }),
    maxSubscriptions: integer({
      default: 20_000,
      min: 0,
      max: 10_000_000,
      doc: 'Subscriptions whose NOTIFYs go to one address. Above it new ones get 503 with Retry-After. 0: no limit but `sip.maxSubscriptions`.',
    }),
    maxSubscriptionsTrusted: integer({
      default: 0,
      min: 0,
      max: 10_000_000,
      doc: 'The same for each of `sip.trustedPeers`.',
    }),
  },
  {
    description:
      'Limits for each peer, by its address: no one of them takes the server from the others.',
  },
)

export const pendingTimeout = duration({
  default: '1 day',
  min: '1m',
  max: '4w',
  doc: 'How long a subscription waits for the word of the person whom it is about. Then it ends with `giveup` and a retry-after of an hour (RFC 6665 §4.1.3); the question on the contact list stays.',
})
