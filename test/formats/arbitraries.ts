import fc from 'fast-check'
import { requireJid } from '../../src/core/address.ts'
import type { PersonState, PresenceDocument, Tuple } from '../../src/core/presence/document.ts'
import { ACTIVITIES, SOURCE_CLASSES } from '../../src/core/presence/observation.ts'
import { LOCATION_TYPES } from '../../src/formats/rpid-place.ts'

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
