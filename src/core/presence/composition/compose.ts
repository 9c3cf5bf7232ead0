/**
 * Composition (RFC 4479 §3.5): from what every source says to one person and his services.
 * A pure function of the reports; their order and repetition make no difference.
 */
import { hash } from 'node:crypto'
import { compareText } from '../../../util/compare-text.ts'
import type { BareJid } from '../../address.ts'
import type { Explanation, Person, PersonState, PresenceDocument, Tuple } from '../document.ts'
import {
  type Activity,
  type Capabilities,
  isByHand,
  type Observation,
  type Report,
} from '../observation.ts'
import { ofPerson, ofService } from './extras.ts'
import { ENTERPRISE } from './presets/enterprise.ts'
import { type CompositionPreset, type CompositionRule, meets } from './table.ts'

export interface Composition {
  readonly document: PresenceDocument
  readonly explanation: Explanation
}

interface Candidate {
  readonly source: string
  readonly observation: Observation
}

const NOTHING_KNOWN: Explanation = {
  state: 'offline',
  rule: 'nothing',
  ruleText: 'Nothing is known of him.',
  winner: undefined,
}

/**
 * Composes live reports, at most one for each source. `offlineSince` dates the offline state of a
 * person who hides or of whom nothing is known, in milliseconds since the epoch.
 */
export function compose(
  presentity: BareJid,
  reports: readonly Report[],
  offlineSince: number,
  { rules }: CompositionPreset = ENTERPRISE,
): Composition {
  const candidates = softState(reports)
    .flatMap(({ source, observations }) =>
      observations.map((observation) => ({ source, observation })),
    )
    .sort(byName)
  for (const rule of rules) {
    const matches = candidates.filter(({ observation }) => meets(rule, observation))
    const winner = latest(matches)
    if (!winner) continue
    const explanation = explain(rule, winner)
    if (rule.hiddenAs) return { document: absent(presentity, offlineSince), explanation }
    const person = composePerson(winner, matches, candidates)
    const tuples = candidates
      .filter(isService)
      .map(toTuple)
      .sort((a, b) => compareText(a.id, b.id))
    const extras = composeExtras(winner, candidates)
    return { document: { presentity, person, tuples, extras }, explanation }
  }
  return { document: absent(presentity, offlineSince), explanation: NOTHING_KNOWN }
}

/** RFC 4827 §3 leaves it to the compositor: hard state is for those of whom nobody says anything. */
function softState(reports: readonly Report[]): readonly Report[] {
  if (reports.length < 2 || !reports.some(isHardState)) return reports
  const soft = reports.filter((report) => !isHardState(report))
  return soft.some(isAboutState) ? soft : reports
}

function isAboutState({ observations }: Report): boolean {
  return observations.some(({ bare }) => !bare)
}

function isHardState({ isHardState }: Report): boolean {
  return isHardState === true
}

/** One and the same of whoever hides and of whom nothing is known: no watcher can tell them apart. */
function absent(presentity: BareJid, since: number): PresenceDocument {
  const person: Person = {
    state: 'offline',
    note: undefined,
    location: undefined,
    since,
    manual: false,
  }
  return { presentity, person, tuples: [] }
}

function explain({ id, text, hiddenAs }: CompositionRule, winner: Candidate): Explanation {
  const { source, observation } = winner
  return {
    state: hiddenAs ?? observation.activity,
    rule: id,
    ruleText: text,
    winner: { source, observation: observation.id },
  }
}

/** The newest word wins within a rule; the state has held since the first that still says the same. */
function composePerson(
  { observation }: Candidate,
  matches: readonly Candidate[],
  candidates: readonly Candidate[],
): Person {
  const agreeing = matches.filter((match) => match.observation.activity === observation.activity)
  const state = personState(observation.activity)
  const located = latest(candidates.filter(hasLocation))
  return {
    state,
    note: observation.note ?? latest(agreeing.filter(hasNote))?.observation.note,
    location: isThere(state) ? (observation.location ?? located?.observation.location) : undefined,
    since: Math.min(...agreeing.map((match) => match.observation.since)),
    manual: agreeing.some((match) => isByHand(match.observation)),
  }
}

/** His who speaks for the person first, then the newest. Nearly nobody says any. */
function composeExtras(winner: Candidate, candidates: readonly Candidate[]) {
  if (!candidates.some(({ observation }) => observation.extras)) return undefined
  const others = candidates.filter((candidate) => candidate !== winner)
  others.sort((a, b) => b.observation.since - a.observation.since)
  return ofPerson([winner, ...others].map(({ observation }) => observation))
}

function isService({ observation }: Candidate): boolean {
  return !observation.bare
}

function personState(activity: Activity): PersonState {
  return activity === 'appear-offline' ? 'offline' : activity
}

function isThere(state: Activity): boolean {
  return state !== 'offline' && state !== 'unknown'
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
    // Nobody can be promised a service whose source is lost.
    basic: observation.activity === 'unknown' ? 'closed' : observation.basic,
    activity: observation.activity,
    manual: isByHand(observation),
    note: observation.note,
    location: observation.location,
    contact: observation.contact,
    contactPriority: observation.contactPriority,
    capabilities: offered(observation),
    extras: observation.extras && ofService(observation),
    since: observation.since,
  }
}

/** What a source of this class offers, where it says nothing else. */
const USUAL: Readonly<Record<string, Capabilities>> = {
  phone: { voice: true },
  video: { video: true },
  'enterprise-im': { im: true },
  'internet-im': { im: true },
}

function offered({ class: name, capabilities }: Observation): Capabilities | undefined {
  const usual = USUAL[name]
  return usual && capabilities ? { ...usual, ...capabilities } : (capabilities ?? usual)
}

/** Stable over updates and restarts, and tells a watcher nothing of the source's name. */
function tupleId(source: string, observation: string): string {
  return `t${hash('sha1', `${source}\n${observation}`).slice(0, 12)}`
}

function hasNote({ observation }: Candidate): boolean {
  return observation.note !== undefined
}

/** Of a source that can still tell. */
function hasLocation({ observation }: Candidate): boolean {
  return observation.location !== undefined && isThere(observation.activity)
}

function byName(a: Candidate, b: Candidate): number {
  return compareText(a.source, b.source) || compareText(a.observation.id, b.observation.id)
}
