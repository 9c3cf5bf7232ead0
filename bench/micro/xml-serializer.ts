/** Writing elements that are there, and building and writing a new one. */
import { xml } from '../../src/xml/element.ts'
import type { Operation } from './operation.ts'
import { elementOf, STANZAS } from './stanzas.ts'
import { Wire } from './wire.ts'

const NS_CLIENT = 'jabber:client'

const written: readonly Operation[] = Object.entries(STANZAS).map(([name, stanza]) => ({
  name: `xml: write ${name}`,
  setUp() {
    const element = elementOf(stanza)
    const wire = new Wire()
    return () => wire.send(element.toString(NS_CLIENT))
  },
}))

export const xmlSerializer: readonly Operation[] = [
  ...written,
  {
    name: 'xml: build and write an answer',
    setUp() {
      const wire = new Wire()
      const feature = (name: string) => xml('feature', { var: name })
      return () => {
        const query = xml(
          'query',
          { xmlns: 'http://jabber.org/protocol/disco#info' },
          xml('identity', { category: 'server', type: 'im', name: 'Heliograph' }),
          feature('urn:xmpp:ping'),
          feature('jabber:iq:roster'),
        )
        const answer = {
          xmlns: NS_CLIENT,
          type: 'result',
          id: 'd1',
          to: 'alice@example.com/laptop',
        }
        return wire.send(xml('iq', answer, query).toString(NS_CLIENT))
      }
    },
  },
]
