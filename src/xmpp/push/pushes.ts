/**
 * XEP-0357: wakes the devices of people for whom something waits: in the mailbox, or in a session whose client has
 * gone and may come back for it (XEP-0198). One push is on its way to a person at a time; what comes meanwhile is one more.
 */
import { type BareJid, domainOf, parseJid, requireJid } from '../../core/address.ts'
import type { InstantMessage } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Subscriptions } from '../../core/presence/subscriptions.ts'
import type { Directory } from '../../directory/directory.ts'
import { LoadingCache } from '../../directory/loading-cache.ts'
import type { Log } from '../../util/log.ts'
import { counter } from '../../util/metrics.ts'
import { StanzaError } from '../errors.ts'
import type { Questions } from '../questions.ts'
import type { XmppSession } from '../session.ts'
import { storedElement } from '../stored-element.ts'
import type { Unacknowledged } from '../stream-management/outbox.ts'
import { type PushContent, publication, type Summary, summaryForm } from './publication.ts'
import type { PushService, PushStore } from './push-service.ts'
import { isMessageWorthPush, isWorthPush } from './worth.ts'

export interface PushesDeps {
  readonly log: Log
  readonly store: PushStore
  readonly content: PushContent
  readonly directory: Pick<Directory, 'onUserRemoved'>
  readonly messaging: Pick<Messaging, 'mailbox' | 'observe'>
  readonly subscriptions: Pick<Subscriptions, 'waiting'>
  readonly questions: Questions
}

/** Read when it is told: many that come meanwhile are told at once. */
interface Occasion {
  words(): Pick<Summary, 'sender' | 'body'>
  /** Messages that wait outside the mailbox. */
  elsewhere(): number
}

/** Of one user. */
export const MAX_SERVICES = 20
const CACHED_ACCOUNTS = 10_000
/** People whose pushes are on their way; more are not woken for what comes now. */
const MAX_RUNNING = 5_000
/** As long as a push service may take, milliseconds. */
const DEADLINE_MS = 10_000

const pushes = counter({
  name: 'heliograph_xmpp_pushes_total',
  help: 'Push notifications (XEP-0357), by what became of them at the push service.',
  labels: ['outcome'],
})

export class Pushes implements Disposable {
  readonly #deps: PushesDeps
  readonly #services: LoadingCache<BareJid, readonly PushService[]>
  /** By account: what is to be told next, where anything is. */
  readonly #running = new Map<BareJid, { next: Occasion | undefined }>()
  readonly #watching = new DisposableStack()

  constructor(deps: PushesDeps) {
    this.#deps = deps
    this.#services = new LoadingCache(CACHED_ACCOUNTS, (account) => deps.store.list(account))
    this.#watching.use(
      deps.messaging.observe({
        given: () => undefined,
        stored: (account, message) => this.#stored(account, message),
      }),
    )
    this.#watching.use(
      deps.directory.onUserRemoved(({ account }) => this.#services.delete(account)),
    )
  }

  /** §5. Resolves when it is stored. */
  async enable(account: BareJid, service: PushService): Promise<void> {
    await this.#deps.store.put(account, service, MAX_SERVICES)
    this.#services.delete(account)
  }

  /** §6. Resolves when it is stored. */
  async disable(account: BareJid, jid: string, node?: string): Promise<void> {
    await this.#deps.store.remove(account, jid, node)
    this.#services.delete(account)
  }

  /** The session's client has gone, and these wait for it; the last is new. */
  waits({ account }: XmppSession, stanzas: readonly Unacknowledged[]): void {
    const last = stanzas.at(-1)?.stanza
    if (last === undefined || this.#hasNone(account) || !isWorthPush(last)) return
    this.#tell(account, {
      words: () => wordsOf(last),
      elsewhere: () => stanzas.filter(({ stanza }) => isWorthPush(stanza)).length,
    })
  }

  /** Those too that nobody looked at since the client went. */
  clientLost(session: XmppSession, stanzas: readonly Unacknowledged[]): void {
    const at = stanzas.findLastIndex(({ stanza }) => isWorthPush(stanza))
    if (at >= 0) this.waits(session, stanzas.slice(0, at + 1))
  }

  [Symbol.dispose](): void {
    this.#watching.dispose()
  }

  #stored(account: BareJid, message: InstantMessage): void {
    if (this.#hasNone(account) || !isMessageWorthPush(message)) return
    this.#tell(account, {
      words: () => ({ sender: message.from.full, body: message.body }),
      elsewhere: () => 0,
    })
  }

  /** As far as is known without asking the database. */
  #hasNone(account: BareJid): boolean {
    return this.#services.peek(account)?.value.length === 0
  }

  #tell(account: BareJid, occasion: Occasion): void {
    const running = this.#running.get(account)
    if (running) {
      running.next = occasion
      return
    }
    if (this.#running.size >= MAX_RUNNING) {
      pushes.inc({ outcome: 'dropped' })
      return
    }
    const run = { next: occasion }
    this.#running.set(account, run)
    void this.#run(account, run)
  }

  async #run(account: BareJid, run: { next: Occasion | undefined }): Promise<void> {
    try {
      for (let next = run.next; next; next = run.next) {
        run.next = undefined
        await this.#push(account, next)
      }
    } catch (err) {
      this.#deps.log.error({ what: 'xmpp_push_failed', account, err })
    } finally {
      this.#running.delete(account)
    }
  }

  async #push(account: BareJid, occasion: Occasion): Promise<void> {
    const services = await this.#services.get(account)
    if (services.length === 0) return
    const { messaging, subscriptions, content } = this.#deps
    const [kept, requests] = await Promise.all([
      messaging.mailbox.count(account),
      subscriptions.waiting(account),
    ])
    const messages = kept + occasion.elsewhere()
    const summary = { messages, requests: requests.length, ...occasion.words() }
    const form = summaryForm(summary, content)
    await Promise.all(
      services.map((service) => this.#publish(account, service, publication(service, form))),
    )
  }

  async #publish(
    account: BareJid,
    { jid, node }: PushService,
    payload: ReturnType<typeof publication>,
  ): Promise<void> {
    const { questions, log } = this.#deps
    const from = requireJid(domainOf(account)).bare
    try {
      await questions.ask({ type: 'set', from, to: requireJid(jid), payload }, DEADLINE_MS)
      pushes.inc({ outcome: 'sent' })
    } catch (error) {
      if (!(error instanceof StanzaError)) throw error
      const isFinal = isRefusal(error)
      pushes.inc({ outcome: isFinal ? 'refused' : 'unreachable' })
      if (!isFinal) return
      // §7.1: it does not want to hear of him any more.
      await this.disable(account, jid, node)
      log.info({ what: 'xmpp_push_service_removed', account, service: jid, reason: error.text })
    }
  }
}

/** The service has said so itself, and not that it is a matter of time; no way there may be one tomorrow. */
function isRefusal({ type, condition }: StanzaError): boolean {
  return condition === 'undefined-condition' && type !== 'wait'
}

/** Of a stanza for a client. */
function wordsOf(stanza: string): Pick<Summary, 'sender' | 'body'> {
  const element = storedElement(stanza)
  const sender = parseJid(element.attr('from') ?? '')?.full
  return { sender, body: element.child('body')?.text() }
}
