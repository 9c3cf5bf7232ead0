/** XEP-0352: Client State Indication, as clients are told of it. What it does stands on the stream: `../client-state.ts`. */
import { xml } from '../../xml/element.ts'
import { NS_CSI } from '../client-state.ts'
import { defineModule } from '../module.ts'

export const clientState = defineModule({
  name: 'client-state',
  specs: [{ xep: 352, version: '1.0.0', status: 'complete' }],
  streamFeatures: () => [xml('csi', { xmlns: NS_CSI })],
})
