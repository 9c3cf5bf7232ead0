/** The composed document as the API shows it. */
import type { PresenceDocument } from '../core/presence/document.ts'
import type { Explained } from '../core/presence/presence.ts'
import type { ExplainBody } from './explain-schema.ts'
import type { PresenceBody } from './schemas.ts'

export function presenceBody({ presentity, person, tuples }: PresenceDocument): PresenceBody {
  const { state, note, since, manual } = person
  return {
    presentity,
    state,
    ...(note !== undefined && { note }),
    since: instant(since),
    manual,
    tuples: tuples.map((tuple) => ({
      id: tuple.id,
      class: tuple.class,
      basic: tuple.basic,
      state: tuple.activity,
      ...(tuple.note !== undefined && { note: tuple.note }),
      ...(tuple.contact !== undefined && { contact: tuple.contact }),
      since: instant(tuple.since),
    })),
  }
}

export function explainBody({
  document,
  explanation,
  reports,
}: Explained): Omit<ExplainBody, 'watchers' | 'watchersTotal'> {
  const { rule, ruleText, winner } = explanation
  return {
    presence: presenceBody(document),
    rule,
    ruleText,
    ...(winner && { winner: { ...winner } }),
    reports: reports.map(({ source, until, observations }) => ({
      source,
      ...(until !== undefined && { until: instant(until) }),
      observations: observations.map(({ id, class: klass, activity, manual, note, since }) => ({
        id,
        class: klass,
        state: activity,
        manual,
        ...(note !== undefined && { note }),
        since: instant(since),
      })),
    })),
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
