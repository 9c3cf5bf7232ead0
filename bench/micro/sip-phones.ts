/** Phones of a server that is whole but for its sockets, behind one proxy that it trusts, by TCP. */
import { loadConfig } from '../../src/config/load-config.ts'
import type { Config } from '../../src/config/schema.ts'
import { TrustedPeers } from '../../src/sip/auth/trusted-peers.ts'
import { type SipConfig, startServices } from '../../src/sip/services.ts'
import { type Inbox, Reception } from '../../src/sip/transport/reception.ts'
import {
  type ConnectionOwner,
  StreamConnection,
} from '../../src/sip/transport/stream-connection.ts'
import { SipTransports, type TransportDeps } from '../../src/sip/transport/transports.ts'
import { SipUserAgent } from '../../src/sip/user-agent.ts'
import { DOMAIN, openCore } from './core.ts'
import { MemorySocket, until } from './memory-socket.ts'

const PROXY = { host: '127.0.0.1', port: 5080 }

const CONFIG: SipConfig = {
  listen: { sipUdp: undefined, sipTcp: undefined, sipTls: undefined },
  http: defaults().http,
  sip: { ...defaults().sip, trustedPeers: [PROXY.host], notifyInterval: 0 },
}

function defaults(): Config {
  const loaded = loadConfig([], {})
  if (loaded.kind !== 'config') throw new Error('there is no configuration')
  return loaded.config
}

/** Takes connections that came by no listener. */
class MemoryTransports extends SipTransports {
  readonly #deps: TransportDeps
  readonly #reception: Reception

  constructor(deps: TransportDeps) {
    super(deps)
    this.#deps = deps
    this.#reception = new Reception(deps.log, (reply, route) => this.sendResponse(reply, route))
  }

  override deliverTo(inbox: Inbox): void {
    this.#reception.deliverTo(inbox)
  }

  connect(socket: MemorySocket): void {
    const owner: ConnectionOwner = {
      ...this.#deps,
      limits: this.limits,
      advertise: undefined,
      received: (result, flow) => this.#reception.receive(result, { flow, source: PROXY }),
      closed: () => undefined,
    }
    const facts = { transport: 'tcp', remote: PROXY, provenNames: [], localPort: 5060 } as const
    new StreamConnection(owner, socket, facts)
  }
}

const CSEQ = Buffer.from('\r\nCSeq: ')
const CRLF = Buffer.from('\r\n')
const OK = Buffer.from('SIP/2.0 200 OK\r\n')
const END = Buffer.from('Content-Length: 0\r\n\r\n')

export interface PhoneRequest {
  readonly method: 'PUBLISH' | 'SUBSCRIBE'
  readonly from: string
  readonly to: string
  /** Header lines of the method's own. */
  readonly headers: readonly string[]
  readonly body?: string
}

/** All of them; they answer every NOTIFY with 200. */
export class Phones {
  readonly #socket = new MemorySocket((bytes) => this.#heard(bytes))
  #answers: Buffer[] = []
  #sent = 0
  #responses = 0
  #notifies = 0
  /** The last. */
  response = ''

  static async open(users: readonly string[]): Promise<Phones> {
    const core = await openCore()
    for (const name of users) await core.directory.addUser({ account: `${name}@${DOMAIN}` })
    const transports = new MemoryTransports(core)
    const trustedPeers = new TrustedPeers(CONFIG.sip.trustedPeers)
    const userAgent = new SipUserAgent({ ...core, transports, trustedPeers })
    const starting = new AsyncDisposableStack()
    await startServices(CONFIG, core, { transports, userAgent, starting })
    return new Phones(transports)
  }

  private constructor(transports: MemoryTransports) {
    transports.connect(this.#socket)
  }

  /** Done when it is answered with 200, and all the NOTIFYs that it brings have been. */
  async send(request: PhoneRequest, notifies: number): Promise<void> {
    const { method, from, to, headers, body = '' } = request
    this.#sent += 1
    const responses = this.#responses + 1
    const wanted = this.#notifies + notifies
    const lines = [
      `${method} sip:${to}@${DOMAIN} SIP/2.0`,
      `Via: SIP/2.0/TCP ${PROXY.host}:${PROXY.port};branch=z9hG4bK${this.#sent}`,
      `From: <sip:${from}@${DOMAIN}>;tag=f${this.#sent}`,
      `To: <sip:${to}@${DOMAIN}>`,
      `Call-ID: c${this.#sent}`,
      `CSeq: 1 ${method}`,
      'Max-Forwards: 70',
      'Event: presence',
      ...headers,
      `Content-Length: ${body.length}`,
    ]
    this.#socket.says(Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`))
    await until(() => this.#responses >= responses && this.#notifies >= wanted)
    if (!this.response.startsWith('SIP/2.0 200')) throw new Error(this.response)
  }

  #heard(bytes: Buffer): void {
    if (bytes.toString('latin1', 0, 4) === 'SIP/') {
      this.response = bytes.toString()
      this.#responses += 1
      return
    }
    this.#notifies += 1
    // What is above CSeq, with it, is all that a response has to repeat (RFC 3261 §8.2.6.2).
    const start = bytes.indexOf(CRLF) + CRLF.length
    const end = bytes.indexOf(CRLF, bytes.indexOf(CSEQ) + CRLF.length) + CRLF.length
    const answer = Buffer.concat([OK, bytes.subarray(start, end), END])
    if (this.#answers.push(answer) === 1) setImmediate(() => this.#answer())
  }

  #answer(): void {
    const answers = Buffer.concat(this.#answers)
    this.#answers = []
    this.#socket.says(answers)
  }
}
