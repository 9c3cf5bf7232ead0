/** Callers and callees on plain sockets around a server that relays for them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { digestHash, digestResponse } from '../../../src/net/digest/digest-response.ts'
import { openHttpListener } from '../../../src/net/http-listener.ts'
import { parseAuthParams } from '../../../src/sip/message/values.ts'
import {
  DOMAIN,
  PASSWORD,
  type SipOptions,
  type SipSystem,
  startSipSystem,
} from '../../support/sip-system.ts'
import { headerOf, Mailbox, type RequestText, requestText, StreamPeer, UdpPeer } from '../wire.ts'

export const PROXY_OFF = {
  rules: [],
  defaultRule: 'bounce',
  destinations: [],
  hosts: [],
  recordRoute: false,
} as const

export type ProxyOptions = SipOptions['proxy']

/** One whose every peer is trusted, unless told otherwise. */
export function startProxied(
  t: TestContext,
  proxy: Partial<NonNullable<ProxyOptions>> = {},
  options: SipOptions = {},
): Promise<SipSystem> {
  return startSipSystem(t, {
    trustedPeers: ['127.0.0.1'],
    ...options,
    proxy: { ...PROXY_OFF, ...proxy },
  })
}

/** A peer on a socket of its own, by UDP or TCP. */
export interface Party {
  readonly transport: 'udp' | 'tcp' | 'ws'
  /** As it stands in its Contact. */
  readonly contact: string
  send(text: string): void
  next(): Promise<string>
  peek(): Promise<string>
  /** Closes its socket, and waits until that is so. */
  end(): Promise<void>
  readonly waiting: number
}

export async function udpParty(
  t: TestContext,
  system: SipSystem,
  user: string,
  port = 0,
): Promise<Party> {
  const peer = await UdpPeer.open(system.port('udp'), '127.0.0.1', port)
  t.after(() => peer[Symbol.asyncDispose]())
  return {
    transport: 'udp',
    contact: `sip:${user}@127.0.0.1:${peer.port}`,
    send: (text) => peer.send(text),
    next: () => peer.next(),
    peek: () => peer.inbox.peek(),
    end: () => peer.close(),
    get waiting() {
      return peer.inbox.waiting
    },
  }
}

export async function tcpParty(t: TestContext, system: SipSystem, user: string): Promise<Party> {
  const peer = await StreamPeer.tcp(system.port('tcp'))
  t.after(() => peer[Symbol.asyncDispose]())
  return {
    transport: 'tcp',
    // Nobody listens there: the connection is the only way.
    contact: `sip:${user}@127.0.0.1:9;transport=tcp`,
    send: (text) => peer.send(text),
    next: () => peer.next(),
    peek: () => peer.inbox.peek(),
    end: () => peer.close(),
    get waiting() {
      return peer.inbox.waiting
    },
  }
}

/** A client in a browser, which can only be reached by its connection (RFC 7118 §5). */
export async function webParty(t: TestContext, system: SipSystem, user: string): Promise<Party> {
  const at = { host: '127.0.0.1', port: 0, maxConnections: 10, tls: undefined }
  const listener = await openHttpListener(at, system.sip.httpParts)
  t.after(() => listener[Symbol.asyncDispose]())
  const socket = new WebSocket(`ws://127.0.0.1:${listener.port}/sip-ws`, ['sip'])
  const inbox = new Mailbox()
  socket.on('message', (data: Buffer) => inbox.put(data.toString()))
  await once(socket, 'open')
  const end = async () => {
    if (socket.readyState === WebSocket.CLOSED) return
    socket.terminate()
    await once(socket, 'close')
  }
  t.after(end)
  return {
    transport: 'ws',
    contact: `sip:${user}@a.invalid;transport=ws`,
    send: (text) => socket.send(text),
    next: () => inbox.next(),
    peek: () => inbox.peek(),
    end,
    get waiting() {
      return inbox.waiting
    },
  }
}

/** Port of a party's Contact. */
export function portOf({ contact }: Party): number {
  return Number(/:(\d+)/.exec(contact.replace(/^sip:/, ''))?.[1])
}

export function requestFrom(party: Party, parts: RequestText): string {
  if (party.transport === 'ws')
    return requestText({ transport: 'WS', sentBy: 'a.invalid', ...parts })
  const transport = party.transport === 'udp' ? 'UDP' : 'TCP'
  return requestText({ transport, sentBy: `127.0.0.1:${portOf(party)}`, ...parts })
}

/** Registers where the server trusts the party. */
export async function register(party: Party, user: string, params = ''): Promise<string> {
  party.send(registration(party, user, params))
  return party.next()
}

/** Registers by a client that knows the user's password. */
export async function registerWithDigest(party: Party, user: string, params = ''): Promise<string> {
  const text = registration(party, user, params)
  party.send(text)
  const challenged = (await party.next()).replaceAll('WWW-Authenticate', 'Proxy-Authenticate')
  const proven = withProxyAuthorization(text, challenged, user)
  party.send(proven.replace('Proxy-Authorization', 'Authorization'))
  return party.next()
}

function registration(party: Party, user: string, params: string): string {
  return requestFrom(party, {
    method: 'REGISTER',
    uri: `sip:${DOMAIN}`,
    from: `<sip:${user}@${DOMAIN}>;tag=reg`,
    to: `<sip:${user}@${DOMAIN}>`,
    headers: [`Contact: <${party.contact}>${params}`],
  })
}

/** The same request with credentials for the challenge in `refused`. */
export function withProxyAuthorization(request: string, refused: string, user: string): string {
  const params = parseAuthParams(headerOf(refused, 'Proxy-Authenticate'))?.params
  const [realm, nonce] = [params?.get('realm') ?? '', params?.get('nonce') ?? '']
  const [, method = '', uri = ''] = /^(\S+) (\S+) /.exec(request) ?? []
  const algorithm = params?.get('algorithm') === 'MD5' ? 'MD5' : 'SHA-256'
  const cnonce = randomBytes(8).toString('hex')
  const ha1 = digestHash(algorithm, `${user}:${realm}:${PASSWORD}`)
  const nc = '00000001'
  const response = digestResponse({ algorithm, ha1, method, uri, nonce, nc, cnonce })
  const field =
    `Proxy-Authorization: Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", ` +
    `algorithm=${algorithm}, qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"`
  return request
    .replace('\r\nContent-Length', `\r\n${field}\r\nContent-Length`)
    .replace(/branch=(\S+?);/, 'branch=$1-2;')
    .replace(/CSeq: (\d+)/, (_, number: string) => `CSeq: ${Number(number) + 1}`)
}

/** All values of a header, in order. */
export function headersOf(message: string, name: string): string[] {
  return [...message.matchAll(new RegExp(`^${name}:[ \\t]*(.*)$`, 'gim'))].flatMap(
    ([, value = '']) => value.trim().split(/,\s*(?=<|SIP\/)/),
  )
}

export function uriOf(request: string): string {
  return request.split(' ', 2)[1] ?? ''
}

/** An ACK or another request of the dialog that an INVITE and its 2xx made, with the route set of the caller. */
export function inDialog(
  caller: Party,
  { invite, ok, method, cseq = 2 }: { invite: string; ok: string; method: string; cseq?: number },
): string {
  const routes = headersOf(ok, 'Record-Route').reverse()
  return requestFrom(caller, {
    method,
    uri: /<([^>]+)>/.exec(headerOf(ok, 'Contact'))?.[1] ?? '',
    from: headerOf(invite, 'From'),
    to: headerOf(ok, 'To'),
    callId: headerOf(invite, 'Call-ID'),
    cseq,
    headers: routes.map((route) => `Route: ${route}`),
  })
}

/** A port where nobody listens. */
export async function silentPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}
