/**
 * What a PIDF document says of times to come (RFC 4480 §3.1, RFC 4481): activities, places and
 * statuses that begin or end later make other observations from then on.
 */
import type { Later, Observation } from '../core/presence/observation.ts'
import type { PidfDocument, Span } from './pidf-model.ts'
import { type ObservationOptions, observationsFromPidf } from './pidf-observations.ts'

export interface Timeline {
  readonly observations: readonly Observation[]
  readonly later?: readonly Later[]
}

/** Of one document; what would come after these is not kept. */
export const MAX_LATER = 32

export function timelineFromPidf(document: PidfDocument, options: ObservationOptions): Timeline {
  const observations = observationsFromPidf(document, options)
  const times = timesIn(document).filter((time) => time > options.now)
  if (times.length === 0) return { observations }
  const later = [...new Set(times)]
    .sort((a, b) => a - b)
    .slice(0, MAX_LATER)
    .map((from) => ({
      from,
      observations: observationsFromPidf(document, { ...options, now: from }),
    }))
  return { observations, later }
}

function timesIn({ tuples, person, extras }: PidfDocument): number[] {
  const spans: Span[] = [...extras]
  for (const { activities, places, extras } of person ? [person, ...tuples] : tuples) {
    spans.push(...activities, ...places, ...extras)
  }
  for (const { timed } of tuples) {
    for (const status of timed) spans.push(status, ...status.activities)
  }
  return spans.flatMap(({ from, until }) => [from, until].filter((time) => time !== undefined))
}
