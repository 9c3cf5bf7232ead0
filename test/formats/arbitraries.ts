import fc from 'fast-check'
import { requireJid } from '../../src/core/address.ts'
import type { PersonState, PresenceDocument, Tuple } from '../../src/core/presence/document.ts'
import { ACTIVITIES, type Extra, SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { LOCATION_TYPES } from '../../src/formats/rpid-place.ts'
import { escapeText } from '../../src/xml/element.ts'

export const ALICE = requireJid('alice@example.com').bare
export const NOW = Date.UTC(2030, 0, 1, 9)

export const TUPLE: Tuple = {
  id: 't0123456789ab',
  class: 'phone',
  basic: 'open',
  activity: 'available',
  manual: false,
  note: undefined,
  location: undefined,
  contact: 'sip:alice@192.0.2.4',
  contactPriority: 0.8,
  capabilities: undefined,
  since: NOW - 60_000,
}

export function documentOf(
  person: Partial<PresenceDocument['person']> = {},
  tuples: readonly Tuple[] = [TUPLE],
): PresenceDocument {
  const defaults = {
    state: 'available',
    note: undefined,
    location: undefined,
    since: NOW - 1_000,
    manual: false,
  } as const
  return { presentity: ALICE, person: { ...defaults, ...person }, tuples }
}

/** Of all that a person can be composed to be. */
export const PERSON_STATES: readonly PersonState[] = ACTIVITIES.filter(
  (state) => state !== 'appear-offline',
)

/** Text without white space at its ends, as notes are read. */
const note = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .map((text) => text.trim())
  .filter((text) => text !== '' && text.isWellFormed() && !/[\p{Cc}\ufffe\uffff]/u.test(text))

const location = fc.oneof(fc.constantFrom(...LOCATION_TYPES), note)
const since = fc.integer({ min: 0, max: NOW })
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const capabilities = fc
  .record(
    { voice: fc.boolean(), video: fc.boolean(), im: fc.boolean() },
    { requiredKeys: [], noNullPrototype: true },
  )
  .filter((value) => Object.keys(value).length > 0)

const tuple: fc.Arbitrary<Tuple> = fc.record({
  id: fc.stringMatching(/^t[0-9a-f]{12}$/),
  class: fc.constantFrom(...SOURCE_CLASSES),
  basic: fc.constantFrom('open', 'closed'),
  activity: fc.constantFrom(...PERSON_STATES),
  manual: fc.boolean(),
  note: optional(note),
  location: optional(location),
  contact: optional(fc.stringMatching(/^(sips?|xmpp):[a-z0-9.]{1,8}@[a-z]{1,8}$/)),
  contactPriority: optional(
    fc.integer({ min: 0, max: 1000 }).map((thousandth) => thousandth / 1000),
  ),
  capabilities: optional(capabilities),
  since,
})

export const documents: fc.Arbitrary<PresenceDocument> = fc.record({
  presentity: fc.constant(ALICE),
  person: fc.record({
    state: fc.constantFrom(...PERSON_STATES),
    note: optional(note),
    location: optional(location),
    since,
    manual: fc.boolean(),
  }),
  tuples: fc.uniqueArray(tuple, { maxLength: 4, selector: ({ id }) => id }),
})

/** What a publisher may have said beside all that; valid where it is shown. */
const extra: fc.Arbitrary<Extra> = fc.oneof(
  fc.constantFrom(
    { of: 'person', kind: 'mood', text: '<rpid:mood><rpid:happy/></rpid:mood>' } as const,
    { of: 'person', kind: 'card', text: '<ci:card>http://example.com/</ci:card>' } as const,
    { of: 'presentity', kind: 'x', text: '<whole xmlns="urn:x">a <b>&amp;</b></whole>' } as const,
    {
      of: 'device',
      kind: 'urn:uuid:1',
      text: '<dm:deviceID>urn:uuid:1</dm:deviceID><dm:note>A</dm:note>',
    } as const,
  ),
  note.map((text) => ({
    of: 'person' as const,
    kind: 'name',
    text: `<ci:display-name>${escapeText(text)}</ci:display-name>`,
  })),
)

const tupleExtra: fc.Arbitrary<Extra> = fc.constantFrom(
  { of: 'status', kind: 'im', text: '<im xmlns="urn:x">busy</im>' } as const,
  { of: 'service', kind: 'input', text: '<rpid:user-input>idle</rpid:user-input>' } as const,
  { of: 'service', kind: 'id', text: '<dm:deviceID>urn:uuid:1</dm:deviceID>' } as const,
)

/** Of one person who changes: ids come again. */
export const extendedDocuments: fc.Arbitrary<PresenceDocument> = fc
  .record({
    document: documents,
    extras: optional(fc.uniqueArray(extra, { selector: ({ kind }) => kind, maxLength: 4 })),
    own: fc.array(optional(fc.uniqueArray(tupleExtra, { selector: ({ kind }) => kind })), {
      minLength: 4,
      maxLength: 4,
    }),
  })
  .map(({ document, extras, own }) => ({
    ...document,
    tuples: document.tuples.map((one, at) => ({ ...one, id: `t${at}`, extras: own[at] })),
    extras,
  }))

/** One person before and after: some of what is said of him is another. */
export const changes: fc.Arbitrary<{ from: PresenceDocument; to: PresenceDocument }> = fc
  .record({
    from: extendedDocuments,
    other: extendedDocuments,
    changed: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
  })
  .map(({ from, other, changed }) => {
    const [person, extras, ...own] = changed
    const tuples = from.tuples.flatMap((one, at) => (own[at] ? (other.tuples[at] ?? []) : one))
    const to = {
      ...from,
      tuples: changed[5] ? [...tuples, { ...TUPLE, id: 'tz' }] : tuples,
      person: person ? { ...from.person, note: other.person.note } : from.person,
      extras: extras ? other.extras : from.extras,
    }
    return { from, to }
  })
