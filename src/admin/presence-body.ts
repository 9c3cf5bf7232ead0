/** The composed document as the API shows it. */
import type { PresenceDocument } from '../core/presence/document.ts'
import { modalities } from '../core/presence/modalities.ts'
import { isByHand } from '../core/presence/observation.ts'
import type { Explained } from '../core/presence/presence.ts'
import type { ExplainBody } from './explain-schema.ts'
import type { PresenceBody } from './schemas.ts'

/** `mailbox`: the person's `mailto:` URI, for those who may know it. */
export function presenceBody(document: PresenceDocument, mailbox?: string): PresenceBody {
  const { presentity, person, tuples } = document
  const { state, note, location, since, manual } = person
  return {
    presentity,
    state,
    ...(note !== undefined && { note }),
    ...(location !== undefined && { location }),
    since: instant(since),
    manual,
    modalities: modalities(document, mailbox),
    tuples: tuples.map((tuple) => ({
      id: tuple.id,
      class: tuple.class,
      basic: tuple.basic,
      state: tuple.activity,
      manual: tuple.manual,
      ...(tuple.note !== undefined && { note: tuple.note }),
      ...(tuple.location !== undefined && { location: tuple.location }),
      ...(tuple.capabilities && { capabilities: { ...tuple.capabilities } }),
      ...(tuple.contact !== undefined && { contact: tuple.contact }),
      since: instant(tuple.since),
    })),
  }
}

export function explainBody({
  document,
  explanation,
  reports,
  held,
}: Explained): Omit<ExplainBody, 'watchers' | 'watchersTotal'> {
  const { state, rule, ruleText, winner } = explanation
  return {
    presence: presenceBody(document),
    state,
    rule,
    ruleText,
    ...(winner && { winner: { ...winner } }),
    reports: reports.map(({ source, until, observations }) => ({
      source,
      ...(held.includes(source) && { held: true }),
      ...(until !== undefined && { until: instant(until) }),
      observations: observations.map((one) => ({
        id: one.id,
        class: one.class,
        state: one.activity,
        manual: isByHand(one),
        ...(one.note !== undefined && { note: one.note }),
        ...(one.location !== undefined && { location: one.location }),
        since: instant(one.since),
      })),
    })),
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
