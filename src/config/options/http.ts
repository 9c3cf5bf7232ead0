import Type from 'typebox'
import { boolean, duration, integer, list, optionalHttpsUrl } from '../option.ts'

export const httpOptions = Type.Object(
  {
    publicUrl: optionalHttpsUrl({
      doc: 'How clients reach what is served over HTTP, for `host-meta` (XEP-0156) and for links to files: the address of a proxy in front of this server, say. Without it, the domain and the port of the listener.',
    }),
    trustedProxies: list('network', {
      default: [],
      doc: 'Proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` say whom they speak for, and whether he has TLS. From others these headers count for nothing.',
    }),
    allowedOrigins: list('origin', {
      default: ['*'],
      min: 1,
      doc: 'Web pages whose scripts may connect over WebSocket and BOSH, by their origin; `*` for all. Signing in is within the stream, and no cookie counts, so that other pages get no more than other programs.',
    }),
    websocketPaths: list('urlPath', {
      default: ['/xmpp-websocket', '/ws'],
      doc: 'Where WebSockets are taken (RFC 7395); clients are told of the first. None where it is empty.',
    }),
    websocketPing: duration({
      default: '45s',
      max: '1h',
      doc: 'How often a WebSocket is asked for a sign of life, which keeps it open through proxies. One that gives none until the next time is closed. 0s never asks.',
    }),
    websocketChannelBinding: boolean({
      default: false,
      doc: 'Whether clients may bind their sign-in to the TLS of their WebSocket (SCRAM-…-PLUS, RFC 5802), where no proxy stands between. Scripts in browsers cannot, and some clients (stanza) take it up all the same, and fail.',
    }),
    boshPaths: list('urlPath', {
      default: ['/http-bind', '/httpbinding'],
      doc: 'Where BOSH requests are taken (XEP-0124); clients are told of the first. None where it is empty.',
    }),
    boshWait: duration({
      default: '60s',
      min: '1s',
      max: '10m',
      doc: 'How long a BOSH request waits for its answer at most; clients may wish for less.',
    }),
    boshInactivity: duration({
      default: '90s',
      min: '5s',
      max: '1h',
      doc: 'How long a BOSH client may be without a request before it is taken to be gone. Browsers wake pages in the background once a minute only.',
    }),
    boshMaxPause: duration({
      default: '2m',
      max: '1h',
      doc: 'How long it may be without one after it said so (XEP-0124 §10). 0s takes no pauses.',
    }),
    boshPolling: duration({
      default: '5s',
      max: '1m',
      doc: 'The shortest time between two BOSH requests that ask for nothing new. Whoever asks sooner is cut off. 0s lets all ask as often as they like.',
    }),
    boshRequests: integer({
      default: 2,
      min: 1,
      max: 10,
      doc: 'Requests of one BOSH client at a time. Whoever makes more is cut off. With 1 all clients have to poll.',
    }),
    pollingPaths: list('urlPath', {
      default: [],
      doc: 'Where requests of HTTP polling are taken (XEP-0025, obsolete), for clients that know nothing better.',
    }),
    pollingInactivity: duration({
      default: '5m',
      min: '10s',
      max: '1h',
      doc: 'How long such a client may be without a request.',
    }),
  },
  {
    description:
      'XMPP over HTTP, on `listen.https`, `listen.httpsXmpp` and `listen.http`: for clients in browsers, and behind firewalls.',
  },
)
