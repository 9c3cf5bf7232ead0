/**
 * Composition (RFC 4479 §3.5): from what every source says to one person and his services.
 * A pure function of the reports; their order and repetition make no difference.
 */
import { hash } from 'node:crypto'
import type { BareJid } from '../address.ts'
import { COMPOSITION_TABLE, type CompositionRule, meets } from './composition-table.ts'
import type { Explanation, Person, PresenceDocument, Tuple } from './document.ts'
import type { Observation, Report } from './observation.ts'

export interface Composition {
  readonly document: PresenceDocument
  readonly explanation: Explanation
}

interface Candidate {
  readonly source: string
  readonly observation: Observation
}

/**
 * Composes live reports, at most one for each source. `offlineSince` dates the offline state of a
 * person of whom nothing is known, in milliseconds since the epoch.
 */
export function compose(
  presentity: BareJid,
  reports: readonly Report[],
  offlineSince: number,
): Composition {
  const candidates = reports
    .flatMap(({ source, observations }) =>
      observations.map((observation) => ({ source, observation })),
    )
    .sort(byName)
  const { person, explanation } = composePerson(candidates, offlineSince)
  const tuples = candidates.map(toTuple).sort((a, b) => compareText(a.id, b.id))
  return { document: { presentity, person, tuples }, explanation }
}

function composePerson(
  candidates: readonly Candidate[],
  offlineSince: number,
): { person: Person; explanation: Explanation } {
  for (const rule of COMPOSITION_TABLE) {
    const matches = candidates.filter(({ observation }) => meets(rule, observation))
    const winner = latest(matches)
    if (winner) return decide(rule, winner, matches)
  }
  return {
    person: { state: 'offline', note: undefined, since: offlineSince, manual: false },
    explanation: { rule: 'nothing', ruleText: 'Nothing is known of him.', winner: undefined },
  }
}

/** The newest word wins within a rule; the state has held since the first that still says the same. */
function decide(
  rule: CompositionRule,
  winner: Candidate,
  matches: readonly Candidate[],
): { person: Person; explanation: Explanation } {
  const { source, observation } = winner
  const agreeing = matches.filter((match) => match.observation.activity === observation.activity)
  return {
    person: {
      state: observation.activity,
      note: observation.note ?? latest(agreeing.filter(hasNote))?.observation.note,
      since: Math.min(...agreeing.map((match) => match.observation.since)),
      manual: observation.manual,
    },
    explanation: {
      rule: rule.id,
      ruleText: rule.text,
      winner: { source, observation: observation.id },
    },
  }
}

/** The newest, and of two as new the one whose name sorts first: the candidates are sorted by name. */
function latest(candidates: readonly Candidate[]): Candidate | undefined {
  let newest: Candidate | undefined
  for (const candidate of candidates) {
    if (!newest || candidate.observation.since > newest.observation.since) newest = candidate
  }
  return newest
}

function toTuple({ source, observation }: Candidate): Tuple {
  return {
    id: tupleId(source, observation.id),
    class: observation.class,
    basic: observation.basic,
    activity: observation.activity,
    note: observation.note,
    contact: observation.contact,
    contactPriority: observation.contactPriority,
    capabilities: observation.capabilities,
    since: observation.since,
  }
}

/** Stable over updates and restarts, and tells a watcher nothing of the source's name. */
function tupleId(source: string, observation: string): string {
  return `t${hash('sha1', `${source}\n${observation}`).slice(0, 12)}`
}

function hasNote({ observation }: Candidate): boolean {
  return observation.note !== undefined
}

function byName(a: Candidate, b: Candidate): number {
  return compareText(a.source, b.source) || compareText(a.observation.id, b.observation.id)
}

/** By code unit: the same on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
