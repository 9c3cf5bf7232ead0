/**
 * What this server itself tells SIP senders of their messages (RFC 5438 §8, §12.2): that one waits, was passed on, or
 * failed after it was taken. Whether it was delivered is for the recipient's client to say.
 */
import type { DeliveryOutcome, InstantMessage } from '../../core/messaging/message.ts'
import type { Messaging } from '../../core/messaging/messaging.ts'
import type { Fate, Wanted } from '../../core/messaging/signals.ts'
import { parseNameAddr } from '../message/values.ts'
import type { AwaitedReports } from './awaited-reports.ts'
import { type ReadMessage, toNotice } from './to-message.ts'

export interface SenderReportsDeps {
  readonly messaging: Pick<Messaging, 'send'>
  readonly awaited: AwaitedReports
}

export class SenderReports {
  readonly #deps: SenderReportsDeps

  constructor(deps: SenderReportsDeps) {
    this.#deps = deps
  }

  /** Keeps what a report will have to repeat, before the first can come. */
  note({ from, id, signals }: InstantMessage, { request, content }: ReadMessage): void {
    if (id === undefined || signals?.wants === undefined) return
    const { cpim } = content
    this.#deps.awaited.note(from.bare, id, {
      dateTime: cpim?.dateTime,
      to: parseNameAddr(request.headers.get('To') ?? '')?.uri ?? request.uri,
      originalTo: cpim?.originalTo,
      route: cpim?.recordRoute ?? [],
    })
  }

  /** Its sender was answered with this: what failed needs no other word (§12.1.3.1). */
  answered(message: InstantMessage, read: ReadMessage, outcome: DeliveryOutcome): void {
    if (outcome.kind === 'stored') this.#tell(message, read, 'processed', 'stored')
    else if (outcome.kind === 'delivered') this.#tell(message, read, 'processed', 'processed')
  }

  /** Its sender was told that it was taken. */
  settledLate(message: InstantMessage, read: ReadMessage, outcome: DeliveryOutcome): void {
    if (outcome.kind === 'refused') this.#tell(message, read, 'failed', 'failed')
    else this.answered(message, read, outcome)
  }

  #tell(message: InstantMessage, { client }: ReadMessage, wanted: Wanted, fate: Fate): void {
    const { from, to, id, signals } = message
    if (id === undefined || !signals?.wants?.includes(wanted)) return
    const notice = toNotice({ from: to, to: from }, { report: { fate, id } })
    // The recipient did not write this: his other clients are not shown it.
    const unseen = { ...notice, isCopied: () => false }
    // To the client that sent it, and to no other where it is still there.
    void (client?.deliver(unseen) ?? this.#deps.messaging.send(unseen, undefined))
  }
}
