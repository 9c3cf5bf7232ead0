/** XEP-0157: Contact Addresses for XMPP Services, in `disco#info` of every domain. */
import { formElement } from '../forms/form.ts'
import { defineModule } from '../module.ts'

/** RFC 2142 has roles of that kind for mail. */
const ROLES = ['abuse', 'admin', 'feedback', 'sales', 'security', 'status', 'support'] as const

/** URIs of those to write to about each. */
export type ContactAddresses = Readonly<Record<(typeof ROLES)[number], readonly string[]>>

export const contactAddresses = defineModule({
  name: 'contact-addresses',
  specs: [{ xep: 157, version: '1.1.1', status: 'complete' }],

  forms({ contactAddresses: addresses }) {
    const fields = ROLES.filter((role) => addresses[role].length > 0).map((role) => {
      return { name: `${role}-addresses`, type: 'list-multi', values: addresses[role] } as const
    })
    if (fields.length === 0) return []
    const formType = 'http://jabber.org/network/serverinfo'
    return [formElement({ type: 'result', formType, fields })]
  },
})
