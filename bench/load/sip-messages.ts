/** What the SIP generator says, and the little that it reads of what it is told. */
import { DOMAIN } from '../harness/scenario.ts'
import type { Link } from './sip-link.ts'

/** One watcher's dialog with the notifier. */
export interface Dialog {
  readonly callId: string
  readonly link: Link
  readonly watcher: string
  readonly presentity: string
  /** Of the server's 200: `To` with its tag, and its Contact. */
  to: string
  target: string
  cseq: number
  /** The last NOTIFY's. */
  notified: number
}

export const uri = (user: string) => `sip:${user}@${DOMAIN}`

const SUBSCRIPTION_SECONDS = 3_600

/** So that no two runs against one server share a transaction or a dialog. */
const run = Math.random().toString(36).slice(2)
let branches = 0

export const newCallId = (index: number) => `${run}.${index}`

/** The index in a Call-ID of ours. */
export function indexOf(callId: string): number {
  return callId.startsWith(run) ? Number(callId.slice(run.length + 1)) : Number.NaN
}

export function subscribe(dialog: Dialog, expires = SUBSCRIPTION_SECONDS): string {
  dialog.cseq += 1
  const { link, watcher, presentity, to, target, callId, cseq } = dialog
  const suffix = link.transport === 'udp' ? '' : ';transport=tcp'
  return (
    `SUBSCRIBE ${target || uri(presentity)} SIP/2.0\r\n${via(link)}` +
    `Max-Forwards: 70\r\n` +
    `From: <${uri(watcher)}>;tag=${callId}\r\n` +
    `To: ${to || `<${uri(presentity)}>`}\r\n` +
    `Call-ID: ${callId}\r\n` +
    `CSeq: ${cseq} SUBSCRIBE\r\n` +
    `Contact: <sip:${watcher}@127.0.0.1:${link.port}${suffix}>\r\n` +
    'Event: presence\r\n' +
    'Accept: application/pidf+xml\r\n' +
    `Expires: ${expires}\r\n` +
    'Content-Length: 0\r\n\r\n'
  )
}

export interface PublishRequest {
  readonly link: Link
  readonly user: string
  readonly callId: string
  readonly cseq: number
  /** Of the publication that it changes. */
  readonly etag: string
  readonly expires: number
  readonly body: string
}

export function publish(request: PublishRequest): string {
  const type = request.body === '' ? '' : 'Content-Type: application/pidf+xml\r\n'
  const match = request.etag === '' ? '' : `SIP-If-Match: ${request.etag}\r\n`
  return publishOf('presence', request, `${match}Expires: ${request.expires}\r\n${type}`)
}

/** He lets everybody of his domain watch him (RFC 5025): what Kamailio does by configuration. */
export function publishPolicy(request: PublishRequest): string {
  const fields = `Expires: ${request.expires}\r\nContent-Type: application/auth-policy+xml\r\n`
  return publishOf('presence.wauth', request, fields)
}

function publishOf(event: string, request: PublishRequest, fields: string): string {
  const { link, user, callId, cseq, body } = request
  return (
    `PUBLISH ${uri(user)} SIP/2.0\r\n${via(link)}` +
    `Max-Forwards: 70\r\n` +
    `From: <${uri(user)}>;tag=p${cseq}\r\n` +
    `To: <${uri(user)}>\r\n` +
    `Call-ID: ${callId}\r\n` +
    `CSeq: ${cseq} PUBLISH\r\n` +
    `Event: ${event}\r\n${fields}` +
    `Content-Length: ${body.length}\r\n\r\n${body}`
  )
}

export const POLICY =
  '<?xml version="1.0" encoding="UTF-8"?>' +
  '<cr:ruleset xmlns="urn:ietf:params:xml:ns:pres-rules" xmlns:cr="urn:ietf:params:xml:ns:common-policy">' +
  `<cr:rule id="colleagues"><cr:conditions><cr:identity><cr:many domain="${DOMAIN}"/></cr:identity></cr:conditions>` +
  '<cr:actions><sub-handling>allow</sub-handling></cr:actions><cr:transformations>' +
  '<provide-services><all-services/></provide-services><provide-persons><all-persons/></provide-persons>' +
  '<provide-devices><all-devices/></provide-devices><provide-all-attributes/>' +
  '</cr:transformations></cr:rule></cr:ruleset>'

/**
 * What a phone says of its user; the `n`-th differs from the one before in activity and note.
 * He is never free: that a server may tell a moment later.
 */
export function presence(user: string, n: number): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n' +
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
    ` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${uri(user)}">` +
    '<tuple id="phone"><status><basic>open</basic></status>' +
    `<contact priority="0.8">${uri(user)}</contact></tuple>` +
    `<dm:person id="p1"><rpid:activities><rpid:${n % 2 === 0 ? 'meeting' : 'on-the-phone'}/></rpid:activities>` +
    `<dm:note>${noteOf(n)}</dm:note></dm:person></presence>\r\n`
  )
}

export const noteOf = (n: number) => `Back at ${n % 24}:${10 + (n % 50)}`

function via({ transport, port }: Link): string {
  branches += 1
  const protocol = transport === 'udp' ? 'UDP' : 'TCP'
  return `Via: SIP/2.0/${protocol} 127.0.0.1:${port};rport;branch=z9hG4bK${run}${branches}\r\n`
}

/** The value of a header field that comes once; '' where there is none. */
export function field(text: string, name: string): string {
  const at = text.indexOf(`\r\n${name}: `)
  if (at < 0) return ''
  const start = at + name.length + 4
  return text.slice(start, text.indexOf('\r\n', start))
}

/** 200 to a request: what RFC 3261 §8.2.6.2 copies of it. */
export function answer(request: string): string {
  let text = 'SIP/2.0 200 OK\r\n'
  let start = request.indexOf('\r\n') + 2
  for (;;) {
    const end = request.indexOf('\r\n', start)
    if (end <= start) break
    if (COPIED.test(request.slice(start, start + 8))) text += request.slice(start, end + 2)
    start = end + 2
  }
  return `${text}Content-Length: 0\r\n\r\n`
}

const COPIED = /^(?:Via|From|To|Call-ID|CSeq):/
