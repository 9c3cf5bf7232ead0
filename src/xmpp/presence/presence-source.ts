/** Every available XMPP resource as a source of its person's presence. */
import type { Observation, SourceClass } from '../../core/presence/observation.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import type { XmppSession } from '../session.ts'
import { activityOf } from './composed.ts'
import type { Availability } from './presence-stanza.ts'

/** Sources whose name starts with this are XMPP resources. */
export const XMPP_SOURCE = 'xmpp/'
/** What they are; who may not see this class may not see them. */
export const XMPP_CLASS: SourceClass = 'enterprise-im'

export class PresenceSource {
  readonly #presence: PresenceService
  readonly #clock: Clock
  readonly #log: Log
  readonly #last = new WeakMap<XmppSession, Observation>()

  constructor(deps: { presence: PresenceService; clock: Clock; log: Log }) {
    this.#presence = deps.presence
    this.#clock = deps.clock
    this.#log = deps.log
  }

  report(session: XmppSession, availability: Availability): void {
    const observation = this.#observe(session, availability)
    this.#last.set(session, observation)
    try {
      this.#presence.report({
        presentity: session.account,
        source: sourceOf(session),
        observations: [observation],
        until: undefined,
      })
    } catch (error) {
      // More sources than a person may have: his contacts still get this resource's own stanza.
      if (!(error instanceof RangeError)) throw error
      this.#log.warn({ what: 'xmpp_presence_not_composed', account: session.account, err: error })
    }
  }

  withdraw(session: XmppSession): void {
    this.#last.delete(session)
    this.#presence.withdraw(session.account, sourceOf(session))
  }

  #observe(session: XmppSession, { show, status, priority }: Availability): Observation {
    const { activity, manual } = activityOf(show)
    const last = this.#last.get(session)
    const same = last?.activity === activity && last.note === status
    return {
      id: session.resource,
      class: XMPP_CLASS,
      basic: 'open',
      activity,
      manual,
      note: status,
      contact: `xmpp:${session.account}`,
      // RFC 6121 §8.5.2.1.1: a negative priority takes no messages to the person.
      capabilities: { im: priority >= 0 },
      since: same ? last.since : this.#clock.now(),
    }
  }
}

function sourceOf({ resource }: XmppSession): string {
  return XMPP_SOURCE + resource
}
