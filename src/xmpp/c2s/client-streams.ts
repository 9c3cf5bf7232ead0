/** What the streams of clients are made with, whatever carries them: the same for all, but for listeners with rules of their own. */
import type { ClientStreamDeps } from './client-stream.ts'
import type { Door, Transport, Visitor } from './door.ts'
import type { Usage } from './intake.ts'
import type { SignInPolicy } from './sign-in-policy.ts'

/** Of one listener; what is absent is as for all. */
export interface StreamRules {
  readonly policy?: SignInPolicy | undefined
  readonly idleTimeoutMs?: number | undefined
  /** Of those that may be there in all. */
  readonly maxConnections?: number | undefined
}

export class ClientStreams {
  readonly deps: ClientStreamDeps
  readonly #all: ClientStreamDeps
  readonly #door: Door
  readonly #max: number
  #taken = 0

  constructor(deps: ClientStreamDeps, door: Door, rules: StreamRules = {}) {
    const { policy = deps.policy, idleTimeoutMs, maxConnections = Number.POSITIVE_INFINITY } = rules
    const config = idleTimeoutMs === undefined ? deps.config : { ...deps.config, idleTimeoutMs }
    this.#all = deps
    this.#door = door
    this.#max = maxConnections
    this.deps = { ...deps, policy, config, left: (visitor) => this.#left(visitor) }
  }

  /** The same with rules of their own. */
  with(rules: StreamRules): ClientStreams {
    return new ClientStreams(this.#all, this.#door, rules)
  }

  /** Why nobody more is let in from there; `undefined` where he is. */
  refusal(transport: Transport, source: string): string | undefined {
    return this.#door.refusal(transport, source, this.#taken >= this.#max)
  }

  /** One more from there, who leaves by `deps.left`. */
  admit<V extends Visitor>(source: string, make: (usage: Usage) => V): V {
    this.#taken += 1
    return this.#door.admit(source, make)
  }

  /** Closes those who came this way, on any listener; resolves when they have gone. */
  closeAll(transports: readonly Transport[]): Promise<void> {
    return this.#door.closeAll(transports)
  }

  #left(visitor: Visitor): void {
    if (this.#door.left(visitor)) this.#taken -= 1
  }
}
