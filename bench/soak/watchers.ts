/** Watchers, each of whose dialogs is held against the truth: what they are told, in which order, and how soon. */
import { each } from '../load/in-turn.ts'
import type { Link } from '../load/sip-link.ts'
import { type Dialog, field, newCallId, subscribe } from '../load/sip-messages.ts'
import { type SoakClient, statusOf } from './client.ts'
import { type Presentity, stateIn } from './publishers.ts'

export interface Watch {
  readonly watcher: string
  readonly presentity: Presentity
  /** Of the client's connections; `undefined` over UDP. */
  readonly connection: number | undefined
  dialog: Dialog | undefined
  /** The latest state that it was told; 0 before the first. */
  seen: number
  /** What it has to be told at least after a restart, and when that came. */
  wanted: number
  currentAt: number | undefined
}

export interface Faults {
  /** NOTIFYs with a state that had been passed, or that was never sent, or none at all. */
  wrongStates: number
  /** NOTIFYs whose CSeq is not above that of the one before. */
  cseqWentBack: number
  /** Subscriptions over UDP that ended. */
  lost: number
  /** Refreshes in a dialog that the server does not know. */
  refusedRefreshes: number
}

const RESUBSCRIBE_MS = 500
const DIALOGS_AT_A_TIME = 64

export class Watchers {
  readonly watches: readonly Watch[]
  readonly faults: Faults = { wrongStates: 0, cseqWentBack: 0, lost: 0, refusedRefreshes: 0 }
  /** For whoever wonders what went wrong. */
  readonly examples: string[] = []
  deactivated = 0
  notifies = 0
  /** Grants that are shorter than what was asked for. */
  shortened = 0
  readonly #client: SoakClient
  readonly #byCallId = new Map<string, Watch>()
  #calls = 0

  constructor(client: SoakClient, watches: readonly Watch[]) {
    this.#client = client
    this.watches = watches
  }

  async subscribeAll(): Promise<void> {
    await each(this.watches.length, DIALOGS_AT_A_TIME, async (at) => {
      const watch = this.watches[at]
      if (watch) await this.#subscribe(watch)
    })
  }

  /** Who came by this connection comes again: of his dialogs nobody knows any more. */
  reconnected(connection: number): void {
    for (const watch of this.watches) {
      if (watch.connection !== connection) continue
      if (watch.dialog) this.#byCallId.delete(watch.dialog.callId)
      watch.dialog = undefined
      void this.#subscribe(watch)
    }
  }

  /** From now on each has to be told what was acknowledged until now, or what came later. */
  expectAnew(): void {
    for (const watch of this.watches) {
      watch.wanted = watch.presentity.acknowledged
      watch.currentAt = undefined
    }
  }

  get notCurrent(): number {
    return this.watches.filter(({ currentAt }) => currentAt === undefined).length
  }

  /** Those whose latest document is not the latest that was acknowledged. */
  get stale(): number {
    return this.watches.filter(({ seen, presentity }) => seen !== presentity.acknowledged).length
  }

  /** So many of those over UDP, in their dialogs of before. */
  async refresh(count: number): Promise<void> {
    const some = this.watches.filter(({ connection }) => connection === undefined)
    await each(Math.min(count, some.length), DIALOGS_AT_A_TIME, async (at) => {
      const watch = some[Math.floor((at * some.length) / count)]
      if (!watch?.dialog) return
      const { link } = watch.dialog
      const response = await this.#client.request(subscribe(watch.dialog), link)
      if (statusOf(response) === 200) return
      this.faults.refusedRefreshes += 1
      this.#note(`refresh: ${response?.split('\r\n')[0]}`)
    })
  }

  notified(text: string): void {
    this.notifies += 1
    const callId = field(text, 'Call-ID')
    const watch = this.#byCallId.get(callId)
    // What was sent to a connection's dialog before it was lost may be read after.
    if (!watch?.dialog) return
    const cseq = Number.parseInt(field(text, 'CSeq'), 10)
    const { notified } = watch.dialog
    if (cseq === notified) return // sent again
    if (cseq < notified) {
      this.faults.cseqWentBack += 1
      this.#note(`CSeq ${cseq} after ${notified}`)
    }
    watch.dialog.notified = cseq
    if (field(text, 'Subscription-State').startsWith('terminated')) this.#ended(watch, text)
    this.#told(watch, text)
  }

  #told(watch: Watch, text: string): void {
    const state = stateIn(text.slice(text.indexOf('\r\n\r\n')))
    const { presentity, seen } = watch
    if (state === undefined || state < seen || state > presentity.sent) {
      this.faults.wrongStates += 1
      this.#note(`state ${state} after ${seen}, of ${presentity.sent} that were sent`)
      return
    }
    watch.seen = state
    if (watch.currentAt === undefined && state >= watch.wanted) watch.currentAt = performance.now()
  }

  #ended(watch: Watch, text: string): void {
    if (watch.connection !== undefined && text.includes('reason=deactivated')) {
      this.deactivated += 1
      return
    }
    this.faults.lost += 1
    this.#note(field(text, 'Subscription-State'))
  }

  async #subscribe(watch: Watch): Promise<void> {
    for (;;) {
      const link =
        watch.connection === undefined
          ? this.#client.udp
          : this.#client.connection(watch.connection)
      // Lost again: whoever opens it again comes back here.
      if (!link) return
      const dialog = this.#newDialog(watch, link)
      watch.dialog = dialog
      this.#byCallId.set(dialog.callId, watch)
      const response = await this.#client.request(subscribe(dialog), link)
      if (response && statusOf(response) === 200) {
        dialog.to = field(response, 'To')
        dialog.target = field(response, 'Contact').replace(/^<(.*)>.*$/, '$1')
        if (Number(field(response, 'Expires')) < 3_600) this.shortened += 1
        return
      }
      this.#byCallId.delete(dialog.callId)
      if (watch.dialog !== dialog) return
      await new Promise((resolve) => setTimeout(resolve, RESUBSCRIBE_MS))
    }
  }

  #newDialog({ watcher, presentity }: Watch, link: Link): Dialog {
    this.#calls += 1
    return {
      ...{ callId: newCallId(this.#calls), link, watcher, presentity: presentity.user },
      ...{ to: '', target: '', cseq: 0, notified: 0 },
    }
  }

  #note(what: string): void {
    if (this.examples.length < 10) this.examples.push(what)
  }
}
