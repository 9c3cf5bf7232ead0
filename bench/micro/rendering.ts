/** A composed person as PIDF, and as XMPP presence; and PIDF as observations. */
import { compose } from '../../src/core/presence/composition/compose.ts'
import { observationsFromPidf, parsePidf, renderPidf } from '../../src/formats/pidf.ts'
import { appearanceOf, overlay } from '../../src/xmpp/presence/composed.ts'
import { addressed, sharedText } from '../../src/xmpp/presence/presence-stanza.ts'
import type { Operation } from './operation.ts'
import { ALICE, BOB, CROWDS, NOON, reportsOf } from './people.ts'
import { PIDF_BODY } from './sip-messages.ts'
import { elementOf, STANZAS } from './stanzas.ts'
import { Wire } from './wire.ts'

const documentOf = (sources: number) => compose(ALICE, reportsOf(sources), NOON).document

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
