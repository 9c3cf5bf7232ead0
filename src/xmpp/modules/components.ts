/** XEP-0114: Jabber Component Protocol, for components that connect to us (`../components/`). */
import { defineModule } from '../module.ts'

export const components = defineModule({
  name: 'components',
  specs: [{ xep: 114, version: '1.6', status: 'partial' }], // no jabber:component:connect
})
