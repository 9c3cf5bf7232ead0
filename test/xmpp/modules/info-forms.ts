/** The forms of an answer to `disco#info` (XEP-0128). */
import type { Element } from '../../../src/xml/element.ts'
import type { XmppClient } from '../../support/xmpp-client.ts'

const NS_INFO = 'http://jabber.org/protocol/disco#info'

export async function formsOf(client: XmppClient, to: string): Promise<Element[]> {
  const result = await client.iq('get', `<query xmlns='${NS_INFO}'/>`, to)
  const said = [...(result.child('query', NS_INFO)?.elements() ?? [])]
  return said.filter((element) => element.is('x', 'jabber:x:data'))
}

/** The values of each field, by its name. */
export function fieldsOf(form: Element | undefined): Record<string, string[]> {
  const fields = [...(form?.elements() ?? [])].map((field) => {
    const values = [...field.elements()].map((value) => value.text())
    return [field.attr('var') ?? '', values] as const
  })
  return Object.fromEntries(fields)
}
