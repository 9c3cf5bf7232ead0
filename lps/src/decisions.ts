/**
 * Who may see whom, as users have decided in the application: sent to the server, and kept until it
 * has taken them, however long there is no connection.
 */
import { renderWatcherInfo } from '../../src/formats/watcherinfo.ts'
import type { Link } from './link.ts'
import { requestFor } from './publication.ts'
import { RequestFailed } from './request-failed.ts'
import { viewKey } from './views.ts'

export type Decision = 'allow' | 'block' | 'confirm'

export interface Decided {
  readonly presentity: string
  readonly watcher: string
  readonly decision: Decision
}

const STANDING = {
  allow: { status: 'active', event: 'approved' },
  block: { status: 'terminated', event: 'rejected' },
  confirm: { status: 'pending', event: 'subscribe' },
} as const

interface Waiting extends Decided {
  readonly taken: PromiseWithResolvers<void>
}

export class Decisions {
  readonly #link: Link
  readonly #status: Disposable
  /** Of each pair the latest, also when the server has it. */
  readonly #kept = new Map<string, Decided>()
  readonly #waiting = new Map<string, Waiting>()
  #isSending = false

  constructor(link: Link) {
    this.#link = link
    this.#status = link.onStatus((status) => {
      if (status === 'up') void this.#send()
    })
  }

  /** What was decided here, and not refused. */
  get all(): readonly Decided[] {
    return [...this.#kept.values()]
  }

  /** Resolves when the server has it. Rejects with `RequestFailed` where it refuses. */
  decide(decided: Decided): Promise<void> {
    const key = viewKey(decided.watcher, decided.presentity)
    this.#kept.set(key, decided)
    const before = this.#waiting.get(key)
    const taken = Promise.withResolvers<void>()
    this.#waiting.delete(key)
    this.#waiting.set(key, { ...decided, taken })
    // A later word for the same pair answers for the one before.
    if (before) taken.promise.then(before.taken.resolve, before.taken.reject)
    void this.#send()
    return taken.promise
  }

  close(): void {
    this.#status[Symbol.dispose]()
    for (const { taken } of this.#waiting.values()) {
      taken.reject(new RequestFailed('PUBLISH', { status: 503, reason: 'Closed' }))
    }
    this.#waiting.clear()
  }

  /** One after the other, in their order. */
  async #send(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      while (this.#link.status === 'up') {
        const [next] = this.#waiting
        if (!next || !(await this.#sendOne(...next))) return
      }
    } finally {
      this.#isSending = false
    }
  }

  /** False where there is no connection: it is sent when there is one. */
  async #sendOne(key: string, waiting: Waiting): Promise<boolean> {
    const { presentity, watcher, decision, taken } = waiting
    const entry = { id: '1', uri: watcher, ...STANDING[decision] }
    const list = { resource: presentity, package: 'presence', watchers: [entry] }
    const request = requestFor(this.#link, 'PUBLISH', presentity, [
      ['Event', 'presence.wauth'],
      ['Content-Type', 'application/watcherinfo+xml'],
    ])
    request.body = Buffer.from(renderWatcherInfo({ version: 0, state: 'full', lists: [list] }))
    const response = await this.#link.request(request)
    const isLost = response.status === 503 || response.status === 408
    if (isLost) return false
    if (this.#waiting.get(key) === waiting) this.#waiting.delete(key)
    if (response.status < 300) {
      taken.resolve()
      return true
    }
    if (this.#kept.get(key)?.decision === decision) this.#kept.delete(key)
    taken.reject(new RequestFailed('PUBLISH', response))
    return true
  }
}
