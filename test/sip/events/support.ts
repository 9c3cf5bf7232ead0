/** What event and registrar tests share: requests written short, a user agent that records, a small directory. */
import { type BareJid, parseJid, requireJid } from '../../../src/core/address.ts'
import { PresenceService } from '../../../src/core/presence/presence.ts'
import type { SubscriptionAudience } from '../../../src/core/presence/subscription-audience.ts'
import type { WaitingRequest } from '../../../src/core/presence/subscriptions.ts'
import type { SipIdentity } from '../../../src/sip/auth/identity.ts'
import { SipError } from '../../../src/sip/errors.ts'
import type { EventDeps } from '../../../src/sip/events/event-package.ts'
import { packageStates } from '../../../src/sip/events/package-states.ts'
import { presencePackage } from '../../../src/sip/events/presence.ts'
import { SubscriptionTable } from '../../../src/sip/events/subscription-table.ts'
import { WatcherStates } from '../../../src/sip/events/watcher-states.ts'
import { SipRequest, SipResponse } from '../../../src/sip/message/message.ts'
import { createResponse } from '../../../src/sip/message/respond.ts'
import type { Flow, Peer } from '../../../src/sip/transport/transport.ts'
import type { ServerTransaction } from '../../../src/sip/user-agent.ts'
import { silentLog } from '../../../src/util/log.ts'
import { testAccess } from '../../support/access.ts'
import { FakeClock } from '../../support/fake-clock.ts'

export const ALICE = requireJid('alice@example.com').bare
export const BOB = requireJid('bob@example.com').bare

export const UDP_SOURCE: Peer = { transport: 'udp', host: '192.0.2.10', port: 5060 }

let calls = 0

export interface RequestInit {
  readonly uri?: string
  readonly from?: string
  readonly to?: string
  readonly callId?: string
  readonly cseq?: number
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string | Buffer
}

/** From bob's client at 192.0.2.10, about alice, unless it says otherwise. */
export function sipRequest(method: string, init: RequestInit = {}): SipRequest {
  const { uri = 'sip:alice@example.com', from = '<sip:bob@example.com>;tag=bob1' } = init
  calls += 1
  return new SipRequest({
    method,
    uri,
    headers: [
      ['Via', 'SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bKtest'],
      ['From', from],
      ['To', init.to ?? `<${uri}>`],
      ['Call-ID', init.callId ?? `call-${calls}`],
      ['CSeq', `${init.cseq ?? 1} ${method}`],
      ['Contact', '<sip:bob@192.0.2.10:5060>'],
      ...(init.headers ?? []),
    ],
    body: init.body,
  })
}

/** A server transaction that keeps what it was answered. */
export class Exchange implements ServerTransaction {
  readonly request: SipRequest
  readonly source: Peer
  readonly trusted = false
  readonly contact = 'sip:192.0.2.1:5060'
  response: SipResponse | undefined

  constructor(request: SipRequest, source: Peer = UDP_SOURCE) {
    this.request = request
    this.source = source
  }

  respond(response: SipResponse): void {
    this.response = response
  }

  get status(): number | undefined {
    return this.response?.status
  }

  header(name: string): string | undefined {
    return this.response?.headers.get(name)
  }
}

/** Runs a handler as the user agent does: what it throws becomes the response. */
export async function exchange(
  handler: { handle(tx: ServerTransaction): Promise<void> },
  request: SipRequest,
  source?: Peer,
): Promise<Exchange> {
  const tx = new Exchange(request, source)
  try {
    await handler.handle(tx)
  } catch (error) {
    if (!(error instanceof SipError)) throw error
    const { status, reason, headers, body } = error
    tx.respond(createResponse(request, status, reason, { headers, body }))
  }
  return tx
}

export interface SentRequest {
  readonly request: SipRequest
  readonly peer: Peer | undefined
  answer(status: number, headers?: readonly (readonly [string, string])[]): Promise<void>
}

/** Keeps the requests that leave, each until the test answers it. */
export class FakeUserAgent {
  readonly sent: SentRequest[] = []
  /** Answers everything at once, where set. */
  answerAll: number | undefined

  request(request: SipRequest, peer?: Peer): Promise<SipResponse> {
    return new Promise((resolve) => this.send(request, peer, resolve))
  }

  send(
    request: SipRequest,
    peer: Peer | undefined,
    answered: (response: SipResponse) => void,
  ): void {
    const answer = (status: number, headers: readonly (readonly [string, string])[] = []) => {
      answered(new SipResponse({ status, reason: '', headers }))
      return settle()
    }
    request.leaving?.()
    this.sent.push({ request, peer, answer })
    if (this.answerAll !== undefined) void answer(this.answerAll)
  }

  get last(): SentRequest {
    const last = this.sent.at(-1)
    if (!last) throw new Error('nothing was sent')
    return last
  }
}

/** Lets everything run that only waits for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

/** Who From says he is; users of example.com are ours. */
export async function identifyByFrom(tx: ServerTransaction): Promise<SipIdentity> {
  const uri = /<([^>]+)>/.exec(tx.request.headers.get('From') ?? '')?.[1] ?? ''
  const jid = parseJid(uri.replace(/^sips?:/, ''))
  const address = jid?.domain === 'example.com' ? jid.bare : undefined
  return { address, uri, trusted: address === undefined }
}

export async function resolveByUri(uri: string) {
  const jid = parseJid(uri.replace(/^(sips?|pres|im):/, '').replace(/[;?:].*$/, ''))
  if (jid?.domain !== 'example.com' || jid.local === 'nobody') throw new SipError(404)
  return jid.bare
}

export function fakeFlow(transport: 'tcp' | 'tls' = 'tcp'): Flow & { open: boolean } {
  return {
    id: 7,
    transport,
    open: true,
    provenNames: [],
    localEndpoint: () => ({ host: '192.0.2.1', port: 5060 }),
    write: () => undefined,
  }
}

/** A store of any of the three kinds, in memory. */
export class MemoryStore<R extends { readonly id: string; readonly expiresAt: number }> {
  readonly records = new Map<string, R>()
  runs = 0

  async nextRun(): Promise<number> {
    this.runs += 1
    return this.runs
  }

  async put(record: R): Promise<void> {
    this.records.set(record.id, record)
  }

  async remove(id: string): Promise<void> {
    this.records.delete(id)
  }

  async replace(put: readonly R[], remove: readonly string[]): Promise<void> {
    for (const id of remove) this.records.delete(id)
    for (const record of put) this.records.set(record.id, record)
  }

  async load(now: number): Promise<R[]> {
    return [...this.records.values()].filter(({ expiresAt }) => expiresAt > now)
  }
}

/** A contact list that keeps requests, and nothing else. */
export class FakeSubscriptions {
  readonly asked: [BareJid, BareJid][] = []
  /** Of everybody. */
  requests: WaitingRequest[] = []
  readonly #audiences = new Set<SubscriptionAudience>()

  async ask(presentity: BareJid, watcher: BareJid): Promise<void> {
    this.asked.push([presentity, watcher])
    if (this.requests.some((request) => request.watcher === watcher)) return
    this.requests.push({ watcher, stanza: undefined })
    this.tell((audience) => audience.requestsChanged?.(presentity))
  }

  async waiting(): Promise<WaitingRequest[]> {
    return this.requests
  }

  addAudience(audience: SubscriptionAudience): Disposable {
    this.#audiences.add(audience)
    return { [Symbol.dispose]: () => void this.#audiences.delete(audience) }
  }

  tell(what: (audience: SubscriptionAudience) => void): void {
    for (const audience of this.#audiences) what(audience)
  }
}

/** Counts messages that wait, for everybody the same. */
export class FakeMailbox {
  readonly #listeners = new Set<(account: BareJid) => void>()
  #waiting = 0

  async count(): Promise<number> {
    return this.#waiting
  }

  onChange(listener: (account: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  keep(account: BareJid, waiting: number): void {
    this.#waiting = waiting
    for (const listener of this.#listeners) listener(account)
  }
}

const NO_ROOM = { total: 1, perWatcher: 1, perPeer: 0, perTrustedPeer: 0 }

/** What event packages stand on, all of it fresh unless given; of the users only names are known. */
export function eventDeps(
  given: Partial<EventDeps> & { readonly table?: SubscriptionTable } = {},
): EventDeps & { readonly subscriptions: FakeSubscriptions } {
  const { clock = new FakeClock(), table = new SubscriptionTable(NO_ROOM) } = given
  const { presence = new PresenceService({ clock }) } = given
  return {
    clock,
    presence,
    access: testAccess({ clock }),
    watchers: { watched: async () => [] },
    ...packageStates(
      {
        ...{ clock, presence, mailbox: new FakeMailbox(), log: silentLog },
        isWatched: () => true,
      },
      { dialogDetails: 'busy', singleDialog: false, registrationWatchers: [] },
    ),
    watcherStates: new WatcherStates({ clock, table }, presencePackage),
    people: {
      isLocal: (domain) => domain === 'example.com',
      resolve: async (uri) => {
        const account = parseJid(uri.replace(/^(sips?|pres|im|xmpp):/, ''))?.bare
        return account?.endsWith('@example.com') ? { kind: 'user', account } : { kind: 'unknown' }
      },
      user: async (account) => ({ name: account.startsWith('bob@') ? 'Bob B.' : '' }),
      primaryUri: async (account) => `sip:${account}`,
    },
    ...given,
    subscriptions: new FakeSubscriptions(),
  }
}
