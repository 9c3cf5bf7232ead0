/** A composed person as PIDF, and as XMPP presence; and PIDF as observations. */
import { compose } from '../../src/core/presence/composition/compose.ts'
import type { PresenceDocument } from '../../src/core/presence/document.ts'
import {
  observationsFromPidf,
  parsePidf,
  renderPidf,
  renderPresence,
} from '../../src/formats/pidf.ts'
import { renderPidfDiff } from '../../src/formats/pidf-diff.ts'
import { PresenceView } from '../../src/formats/presence-view.ts'
import { appearanceOf, overlay } from '../../src/xmpp/presence/composed.ts'
import { addressed, sharedText } from '../../src/xmpp/presence/presence-stanza.ts'
import type { Operation } from './operation.ts'
import { ALICE, BOB, CROWDS, NOON, reportsOf } from './people.ts'
import { PIDF_BODY } from './sip-messages.ts'
import { elementOf, STANZAS } from './stanzas.ts'
import { Wire } from './wire.ts'

const documentOf = (sources: number) => compose(ALICE, reportsOf(sources), NOON).document
const ENTITY = 'sip:alice@example.com'

/** A mood, a card and the capabilities of each service, as a publisher may have said them. */
function withExtras({ person, presentity, tuples }: PresenceDocument): PresenceDocument {
  const caps = {
    of: 'service',
    kind: 'servcaps',
    text: '<caps:servcaps><caps:isfocus>true</caps:isfocus></caps:servcaps>',
  } as const
  const extras = [
    { of: 'person', kind: 'card', text: '<ci:card>https://example.com/alice.vcf</ci:card>' },
    { of: 'person', kind: 'mood', text: '<rpid:mood><rpid:happy/></rpid:mood>' },
  ] as const
  return {
    person,
    presentity,
    tuples: tuples.map((tuple) => ({ ...tuple, extras: [caps] })),
    extras,
  }
}

/** The note of a person with six sources changes. */
function change() {
  const before = documentOf(6)
  const after = { ...before, person: { ...before.person, note: 'Back at three' } }
  return { before: renderPresence(before), after: renderPresence(after) }
}

export const rendering: readonly Operation[] = [
  ...Object.entries(CROWDS).map(([crowd, sources]) => ({
    name: `pidf: write ${crowd}`,
    setUp() {
      const document = documentOf(sources)
      const wire = new Wire()
      return () => wire.send(renderPidf(document, 'sip:alice@example.com'))
    },
  })),
  {
    name: 'pidf: write three sources and what they say besides',
    setUp() {
      const document = withExtras(documentOf(3))
      const wire = new Wire()
      return () => wire.send(renderPidf(document, ENTITY))
    },
  },
  {
    name: 'pidf-diff: make what has changed of six sources',
    setUp() {
      const { before, after } = change()
      const wire = new Wire()
      return () => {
        const from = new PresenceView(ENTITY, before)
        return wire.send(renderPidfDiff(from, new PresenceView(ENTITY, after), 2))
      }
    },
  },
  {
    name: 'pidf-diff: write what was made to another watcher',
    setUp() {
      const { before, after } = change()
      const [from, to] = [new PresenceView(ENTITY, before), new PresenceView(ENTITY, after)]
      const wire = new Wire()
      let version = 0
      return () => wire.send(renderPidfDiff(from, to, ++version))
    },
  },
  {
    name: 'pidf: read a document as observations',
    setUp() {
      const body = Buffer.from(PIDF_BODY)
      return () => observationsFromPidf(parsePidf(body), { defaultClass: 'phone', now: NOON })
    },
  },
  {
    name: 'xmpp: write the composed state',
    setUp() {
      const { person } = documentOf(3)
      const stanza = elementOf(STANZAS['a presence'])
      const wire = new Wire()
      return () => {
        const appearance = appearanceOf(person, 'dnd')
        if (appearance.kind === 'offline') throw new Error('nobody is there')
        return wire.send(addressed(sharedText(overlay(stanza, appearance)), BOB))
      }
    },
  },
]
