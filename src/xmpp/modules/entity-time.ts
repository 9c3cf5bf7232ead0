/** XEP-0202: Entity Time, of the server. Where it stands is nobody's business (§6): it tells UTC. */
import { xml } from '../../xml/element.ts'
import { defineModule } from '../module.ts'

const NS_TIME = 'urn:xmpp:time'

export const entityTime = defineModule({
  name: 'entity-time',
  specs: [{ xep: 202, version: '2.0', status: 'complete' }],
  features: [NS_TIME],

  setup({ iq, clock }) {
    iq.server.get(NS_TIME, 'time', () =>
      xml(
        'time',
        { xmlns: NS_TIME },
        xml('tzo', {}, '+00:00'),
        xml('utc', {}, new Date(clock.now()).toISOString()),
      ),
    )
  },
})
