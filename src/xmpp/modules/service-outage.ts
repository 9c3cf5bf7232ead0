/** XEP-0455: Service Outage Status: where clients look when they cannot reach the server. */
import { formElement } from '../forms/form.ts'
import { defineModule } from '../module.ts'

export const serviceOutage = defineModule({
  name: 'service-outage',
  specs: [{ xep: 455, version: '0.4.0', status: 'complete' }],

  forms({ outageUrls }) {
    if (outageUrls.length === 0) return []
    const name = 'external-status-addresses'
    const fields = [{ name, type: 'list-multi', values: outageUrls }] as const
    return [formElement({ type: 'result', formType: 'urn:xmpp:sos:0', fields })]
  },
})
