/** Who is connected: the bound resources of every account, whatever their protocol. */
import type { BareJid } from './address.ts'
import type { CopyDirection, DeliveryOutcome, InstantMessage } from './messaging/message.ts'

export interface Session {
  readonly account: BareJid
  /** Unique within the account: the XMPP resource, or the name that the SIP registrar gave to a binding. */
  readonly resource: string
  readonly protocol: 'xmpp' | 'sip'
  /** −128…127 while the resource takes part in routing (RFC 6121 §4.7.2.3); `undefined` while it is not available. */
  readonly priority: number | undefined
  /**
   * Hands a message over. A stream that takes it into its write queue answers at once;
   * a SIP binding answers when the far side's final response is there. `isCopy` where other sessions
   * of the account get it too, so that the person has it where this client never does.
   */
  deliver(message: InstantMessage, isCopy?: boolean): DeliveryOutcome | Promise<DeliveryOutcome>
  /**
   * Resolves when what was delivered so far has left this process, with false where the stream ended
   * first. Absent where the outcome of `deliver` says as much.
   */
  flushed?(): Promise<boolean>
  /** Whether `flushed` waits for what the client itself says: nothing else that the client does may wait for it. */
  readonly acknowledges?: boolean
  /** Whether it gets copies of what other clients of the account send and get (XEP-0280). Absent where it cannot. */
  readonly takesCopies?: boolean
  copy?(message: InstantMessage, direction: CopyDirection): void
  /** Whether its user reads what waits for him message by message (XEP-0013): none of it is handed out meanwhile. */
  readonly readsMailbox?: boolean
}

const NONE: readonly Session[] = []

export class Sessions {
  readonly #byAccount = new Map<BareJid, Session[]>()
  readonly #listeners = new Set<(session: Session) => void>()
  #count = 0

  /** Called when a client has signed in, by whatever protocol. Must not throw. */
  onBound(listener: (session: Session) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  get count(): number {
    return this.#count
  }

  /** Accounts with at least one session. */
  get accountCount(): number {
    return this.#byAccount.size
  }

  /** In the order they were bound. Do not keep the array: it is the live one. */
  of(account: BareJid): readonly Session[] {
    return this.#byAccount.get(account) ?? NONE
  }

  get(account: BareJid, resource: string): Session | undefined {
    for (const session of this.of(account)) if (session.resource === resource) return session
    return undefined
  }

  /** Throws where the resource is taken: the edge resolves conflicts before it binds (RFC 6120 §7.7.2.2). */
  bind(session: Session): void {
    if (this.get(session.account, session.resource)) {
      throw new Error(`resource is bound already: ${session.account}/${session.resource}`)
    }
    const sessions = this.#byAccount.get(session.account)
    if (sessions) sessions.push(session)
    else this.#byAccount.set(session.account, [session])
    this.#count += 1
    for (const listener of this.#listeners) listener(session)
  }

  /** Unbinding a session that is not bound does nothing. */
  unbind(session: Session): void {
    const sessions = this.#byAccount.get(session.account)
    const at = sessions?.indexOf(session) ?? -1
    if (!sessions || at < 0) return
    this.#count -= 1
    if (sessions.length === 1) this.#byAccount.delete(session.account)
    else this.#byAccount.set(session.account, sessions.toSpliced(at, 1))
  }

  *all(): IterableIterator<Session> {
    for (const sessions of this.#byAccount.values()) yield* sessions
  }
}

/** RFC 6121 §4.7.2.3: a negative priority asks for no messages to the bare JID. */
export function takesBareMessages({ priority }: Session): boolean {
  return priority !== undefined && priority >= 0
}
