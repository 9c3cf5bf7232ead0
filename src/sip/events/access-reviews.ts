/**
 * Live watches follow the access rules: decided again at every change, put to the presentity
 * where the rules want his word, ended where he refuses it (RFC 3856 §6.6.2).
 */
import { type BareJid, parseJid } from '../../core/address.ts'
import type { AccessChange } from '../../core/presence/access/access-control.ts'
import type { Log } from '../../util/log.ts'
import type { EventDeps } from './event-package.ts'
import type { SubscriptionTable } from './subscription-table.ts'
import type { Watch } from './watch.ts'

export interface AccessReviewDeps {
  readonly log: Log
  readonly events: Pick<EventDeps, 'access' | 'subscriptions'>
  readonly table: SubscriptionTable
}

const RECONSIDERED_AT_ONCE = 500

export class AccessReviews {
  readonly #deps: AccessReviewDeps

  constructor(deps: AccessReviewDeps) {
    this.#deps = deps
  }

  start(): Disposable {
    const { access, subscriptions } = this.#deps.events
    const listening = new DisposableStack()
    listening.use(access.onChange((change) => this.#accessChanged(change)))
    listening.use(
      subscriptions.addAudience({
        refused: (presentity, watcher) => this.#refused(presentity, watcher),
      }),
    )
    return listening
  }

  /** Where the presentity's word is wanted, and the watcher has a name to ask by. Never rejects. */
  async ask({ subject, access, status }: Watch): Promise<void> {
    const { log, events } = this.#deps
    const { presentity, watcher } = subject
    if (!access?.asks || status === 'terminated') return
    const asker = parseJid(watcher.address)
    if (!asker?.local || asker.resource) return
    try {
      await events.subscriptions.ask(presentity, asker.bare)
    } catch (err) {
      log.warn({ what: 'sip_subscription_not_asked', presentity, watcher: asker.bare, err })
    }
  }

  /** Nothing leaves on the word of the old rules any more, however long it takes to ask the new ones. */
  #accessChanged({ presentity, watcher }: AccessChange): void {
    const { table } = this.#deps
    const concerned = [
      ...(presentity === undefined ? table.watches() : table.of(presentity)),
    ].filter(({ subject }) => watcher === undefined || subject.watcher.address === watcher)
    for (const watch of concerned) watch.doubt()
    // Who decides about one watcher does not want to be asked about him in the same breath.
    this.#reconsider(concerned, watcher === undefined)
  }

  /** In slices, so that a rule about everybody does not keep everything else waiting. */
  #reconsider(watches: readonly Watch[], mayAsk: boolean): void {
    for (const watch of watches.slice(0, RECONSIDERED_AT_ONCE)) {
      const asked = watch.access?.asks ?? false
      const reconsidered = watch.reconsider()
      if (mayAsk && !asked) void reconsidered.then(() => this.ask(watch))
    }
    const rest = watches.slice(RECONSIDERED_AT_ONCE)
    if (rest.length > 0) setImmediate(() => this.#reconsider(rest, mayAsk))
  }

  /** The presentity has said no to a request. */
  #refused(presentity: BareJid, watcher: BareJid): void {
    for (const watch of this.#deps.table.of(presentity)) {
      if (watch.watcher.address === watcher && watch.status === 'pending') {
        watch.terminate('rejected')
      }
    }
  }
}
