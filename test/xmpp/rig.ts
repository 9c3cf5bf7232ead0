/** Client streams over real sockets with a directory that is held in memory and nothing above them. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { BareJid } from '../../src/core/address.ts'
import { Sessions } from '../../src/core/sessions.ts'
import type { FindContext } from '../../src/net/link.ts'
import type { Clock } from '../../src/util/clock.ts'
import { SystemClock } from '../../src/util/clock.ts'
import { type Log, silentLog } from '../../src/util/log.ts'
import type { OverloadGuard } from '../../src/util/overload.ts'
import { type Element, xml } from '../../src/xml/element.ts'
import { type C2s, type C2sListener, startC2s } from '../../src/xmpp/c2s/c2s.ts'
import type { C2sConfig } from '../../src/xmpp/c2s/config.ts'
import type { Accounts } from '../../src/xmpp/c2s/sign-in.ts'
import type { FastTokens } from '../../src/xmpp/sasl/fast/fast-tokens.ts'
import type { ScramKeys, ScramMechanism } from '../../src/xmpp/sasl/mechanism.ts'
import type {
  BindFeature,
  GuestHandler,
  StanzaHandler,
  XmppSession,
} from '../../src/xmpp/session.ts'
import type { Unacknowledged } from '../../src/xmpp/stream-management/outbox.ts'
import { testLinks } from '../support/links.ts'

export const PASSWORD = 'r0m30myr0m30'

export const CONFIG: C2sConfig = {
  plaintextAuth: false,
  maxStanzaBytesBeforeAuth: 10_000,
  maxStanzaBytes: 262_144,
  authTimeoutMs: 60_000,
  idleTimeoutMs: 840_000,
  idleGraceMs: 60_000,
  resourceConflict: 'replace',
  maxConnections: 1000,
  maxConnectionsPerAddress: 1000,
  maxResourcesPerUser: 10,
  maxQueuedBytes: 4_194_304,
  maxUnacknowledged: 1000,
  maxBytesPerSecond: 0,
  maxStanzasPerSecond: 0,
  maxBytesPerSecondPerAddress: 0,
  maxStanzasPerSecondPerAddress: 0,
  resumeForMs: 300_000,
}

/** Users `juliet` and `nurse` of capulet.example, `romeo` of montague.example; `tybalt` of the former is disabled. */
export class MemoryAccounts implements Accounts {
  digestMd5 = false

  isLocal(domain: string): boolean {
    return domain === 'capulet.example' || domain === 'montague.example'
  }

  domain(name: string): { digestMd5: boolean } | undefined {
    return this.isLocal(name) ? { digestMd5: this.digestMd5 } : undefined
  }

  async user(account: BareJid): Promise<{ disabled: boolean } | undefined> {
    return this.#knows(account) ? { disabled: account.startsWith('tybalt@') } : undefined
  }

  async scram(account: BareJid, mechanism: ScramMechanism): Promise<ScramKeys | undefined> {
    return this.#knows(account) ? scramKeys(PASSWORD, mechanism) : undefined
  }

  fakeScram(_account: BareJid, mechanism: ScramMechanism): ScramKeys {
    return scramKeys('nobody has this', mechanism)
  }

  async ha1(account: BareJid): Promise<string | undefined> {
    const [user, domain] = account.split('@')
    if (!this.#knows(account) || !this.digestMd5) return undefined
    return createHash('md5').update(`${user}:${domain}:${PASSWORD}`).digest('hex')
  }

  async verifyPassword(account: BareJid, password: string): Promise<boolean> {
    return this.#knows(account) && password === PASSWORD
  }

  #knows(account: BareJid): boolean {
    return /^(juliet|nurse|tybalt)@capulet\.example$|^romeo@montague\.example$/.test(account)
  }
}

function scramKeys(password: string, mechanism: ScramMechanism): ScramKeys {
  const digest = mechanism.replace('SCRAM-', '').replace('-', '').toLowerCase()
  const salt = Buffer.from('4125c247e43ab1e93c6dff76', 'hex')
  const iterations = 4096
  const length = createHash(digest).digest().length
  const salted = pbkdf2Sync(password, salt, iterations, length, digest)
  const hmac = (text: string) => createHmac(digest, salted).update(text).digest()
  const storedKey = createHash(digest).update(hmac('Client Key')).digest()
  return { salt, iterations, storedKey, serverKey: hmac('Server Key') }
}

/** Notes what it gets; `answer` decides what becomes of a stanza. */
export class RecordingHandler implements StanzaHandler {
  readonly features: readonly Element[] = [xml('sm', { xmlns: 'urn:xmpp:sm:3' })]
  bindFeatures: readonly BindFeature[] = []
  readonly stanzas: Element[] = []
  readonly sessions: XmppSession[] = []
  readonly left: XmppSession[] = []
  /** Sent, and never acknowledged. */
  readonly returned: string[] = []
  readonly guests: GuestHandler | undefined
  /** What telling others of a session's end waits for. */
  farewell: Promise<void> | undefined

  constructor(guests?: GuestHandler) {
    this.guests = guests
  }

  answer: (session: XmppSession, stanza: Element) => void | Promise<void> = (session, stanza) => {
    if (stanza.name === 'iq') {
      session.send(`<iq type='result' id='${stanza.attr('id')}' to='${session.jid.full}'/>`)
    }
  }

  stanza(session: XmppSession, stanza: Element): void | Promise<void> {
    this.stanzas.push(stanza)
    return this.answer(session, stanza)
  }

  bound(session: XmppSession): void {
    this.sessions.push(session)
  }

  clientLost(): void {}

  waits(): void {}

  async undelivered(_session: XmppSession, stanzas: readonly Unacknowledged[]): Promise<void> {
    this.returned.push(...stanzas.map(({ stanza }) => stanza))
  }

  closed(session: XmppSession): void | Promise<void> {
    this.left.push(session)
    return this.farewell
  }
}

export interface Rig {
  readonly c2s: C2s
  readonly accounts: MemoryAccounts
  readonly handler: RecordingHandler
  readonly sessions: Sessions
  /** Ports of the STARTTLS and of the direct TLS listener. */
  readonly port: number
  readonly directPort: number
}

export interface RigOptions {
  readonly config?: Partial<C2sConfig>
  readonly clock?: Clock
  readonly secureContext?: FindContext
  readonly guests?: GuestHandler
  readonly log?: Log
  readonly overload?: OverloadGuard
  readonly bindFeatures?: readonly BindFeature[]
  readonly tokens?: FastTokens
  /** Threads for sockets; as the run asks for them where not given. */
  readonly workers?: number
  /** Of both listeners. */
  readonly listener?: Pick<C2sListener, 'policy' | 'clientCertificates'>
  /** Beside the two that are always there. */
  readonly listeners?: readonly Omit<C2sListener, 'host' | 'port'>[]
}

export async function startRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const accounts = new MemoryAccounts()
  const handler = new RecordingHandler(options.guests)
  handler.bindFeatures = options.bindFeatures ?? []
  const sessions = new Sessions()
  const { clock = new SystemClock(), log = silentLog } = options
  const listener = { host: '127.0.0.1', port: 0, ...options.listener }
  const c2s = await startC2s(
    [
      { name: 'xmpp', direct: false, ...listener },
      { name: 'xmppTls', direct: true, ...listener },
      ...(options.listeners ?? []).map((more) => ({ ...listener, ...more })),
    ],
    {
      config: { ...CONFIG, ...options.config },
      clock,
      log,
      accounts,
      handler,
      sessions,
      overload: options.overload,
      tokens: options.tokens,
      links: await testLinks(t, { ...options, clock, log }),
    },
  )
  t.after(() => c2s[Symbol.asyncDispose]())
  const [plain, direct] = c2s.listeners
  return { c2s, accounts, handler, sessions, port: plain?.port ?? 0, directPort: direct?.port ?? 0 }
}
