/** XEP-0092: Software Version. The operating system is nobody's business (§5). */
import { xml } from '../../xml/element.ts'
import { defineModule } from '../module.ts'

const NS_VERSION = 'jabber:iq:version'

export const version = defineModule({
  name: 'version',
  specs: [{ xep: 92, version: '1.1', status: 'complete' }],
  features: [NS_VERSION],

  setup({ iq, server }) {
    iq.server.get(NS_VERSION, 'query', () =>
      xml(
        'query',
        { xmlns: NS_VERSION },
        xml('name', {}, server.name),
        xml('version', {}, server.version),
      ),
    )
  },
})
