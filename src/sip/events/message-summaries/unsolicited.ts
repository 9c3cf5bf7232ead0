/**
 * NOTIFYs of `message-summary` that nobody has subscribed to: some phones light their lamp by them and cannot
 * subscribe. Where the operator wants it, every registered contact of a user that has no subscription gets one when
 * something changes, and one when it registers while something waits.
 */
import type { BareJid } from '../../../core/address.ts'
import {
  type MessageSummary,
  renderMessageSummary,
  SIMPLE_MESSAGE_SUMMARY,
} from '../../../formats/message-summary.ts'
import type { Clock, Timer } from '../../../util/clock.ts'
import type { Log } from '../../../util/log.ts'
import { SipRequest } from '../../message/message.ts'
import { newCallId, newTag } from '../../message/respond.ts'
import type { Binding } from '../../registrar/binding.ts'
import type { SipUserAgent } from '../../user-agent.ts'
import { likelyPeer } from '../next-hop.ts'
import type { MailboxStates } from './mailbox-states.ts'

export interface UnsolicitedDeps {
  readonly clock: Clock
  readonly log: Log
  readonly mailboxes: Pick<MailboxStates, 'of' | 'onChange'>
  readonly bindings: {
    of(account: BareJid): readonly Binding[]
    onChange(listener: (binding: Binding) => void): Disposable
  }
  /** Whether this contact of the user has a subscription of its own. */
  readonly isSubscribed: (account: BareJid, contact: string) => boolean
  /** How the user is addressed. */
  readonly entityOf: (account: BareJid) => Promise<string>
  readonly userAgent: Pick<SipUserAgent, 'request' | 'contactFor'>
}

/** Several changes within this are one. */
const PAUSE_MS = 1_000

export class UnsolicitedSummaries implements Disposable {
  readonly #deps: UnsolicitedDeps
  readonly #due = new Map<BareJid, Timer>()
  readonly #listening = new DisposableStack()

  constructor(deps: UnsolicitedDeps) {
    this.#deps = deps
    this.#listening.use(deps.mailboxes.onChange((account) => this.#changed(account)))
    this.#listening.use(
      deps.bindings.onChange((binding) => {
        if (binding.event === 'registered') this.#registered(binding)
      }),
    )
  }

  [Symbol.dispose](): void {
    this.#listening.dispose()
    for (const timer of this.#due.values()) timer.cancel()
    this.#due.clear()
  }

  #changed(account: BareJid): void {
    const { clock, bindings } = this.#deps
    if (this.#due.has(account) || bindings.of(account).length === 0) return
    const tell = () => {
      this.#due.delete(account)
      this.#tell(account, bindings.of(account), () => true)
    }
    this.#due.set(account, clock.after(PAUSE_MS, tell))
  }

  #registered(binding: Binding): void {
    this.#tell(binding.account, [binding], ({ waiting }) => waiting)
  }

  #tell(
    account: BareJid,
    bindings: readonly Binding[],
    isNews: (summary: MessageSummary) => boolean,
  ): void {
    this.#send(account, bindings, isNews).catch((err: unknown) => {
      this.#deps.log.warn({ what: 'sip_message_summary_not_told', account, err })
    })
  }

  async #send(
    account: BareJid,
    bindings: readonly Binding[],
    isNews: (summary: MessageSummary) => boolean,
  ): Promise<void> {
    const { mailboxes, entityOf, isSubscribed, userAgent } = this.#deps
    const entity = await entityOf(account)
    const summary = await mailboxes.of(account, entity)
    if (!isNews(summary)) return
    for (const { state } of bindings) {
      if (isSubscribed(account, state.contact)) continue
      const contact = userAgent.contactFor(state.peer ?? likelyPeer(state.path, state.contact))
      const request = notifyOf(summary, {
        entity,
        contact,
        target: state.contact,
        path: state.path,
      })
      await userAgent.request(request, state.peer)
    }
  }
}

function notifyOf(
  summary: MessageSummary,
  to: { entity: string; contact: string; target: string; path: readonly string[] },
): SipRequest {
  return new SipRequest({
    method: 'NOTIFY',
    uri: to.target,
    headers: [
      ...to.path.map((route) => ['Route', route] as const),
      ['From', `<${to.entity}>;tag=${newTag()}`],
      ['To', `<${to.entity}>`],
      ['Call-ID', newCallId()],
      ['CSeq', '1 NOTIFY'],
      ['Contact', `<${to.contact}>`],
      ['Event', 'message-summary'],
      // RFC 6665 §8.2.3 has it mandatory; there is no subscription that could go on.
      ['Subscription-State', 'terminated'],
      ['Content-Type', SIMPLE_MESSAGE_SUMMARY],
    ],
    body: renderMessageSummary(summary),
  })
}
