/** XEP-0198: Stream Management, as clients are told of it. What it does is below the stanzas: `../stream-management`. */
import { xml } from '../../xml/element.ts'
import { defineModule } from '../module.ts'
import { NS_SM } from '../stream-management/nonzas.ts'

export const streamManagement = defineModule({
  name: 'stream-management',
  specs: [{ xep: 198, version: '1.6.3', status: 'complete' }],
  streamFeatures: () => [xml('sm', { xmlns: NS_SM })],
})
