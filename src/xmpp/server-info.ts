/** What a domain says of itself (XEP-0030, XEP-0128); capabilities (XEP-0115, XEP-0390) are hashes of it. */
import { type Element, xml } from '../xml/element.ts'
import type { ServerIdentity } from './module.ts'
import { NS_DISCO_INFO } from './namespaces.ts'

export function serverInfo({ name, features, forms }: ServerIdentity, node?: string): Element {
  return xml(
    'query',
    { xmlns: NS_DISCO_INFO, node },
    xml('identity', { category: 'server', type: 'im', name }),
    ...features('server').map((feature) => xml('feature', { var: feature })),
    ...forms,
  )
}

/** The `disco#info` that capabilities are made of, in parts. */
export interface DiscoInfo {
  readonly identities: readonly Readonly<Record<'category' | 'type' | 'lang' | 'name', string>>[]
  readonly features: readonly string[]
  /** Fields with their values, in no order. */
  readonly forms: readonly (readonly InfoField[])[]
}

export interface InfoField {
  readonly name: string
  readonly values: readonly string[]
}

export function parseInfo(query: Element): DiscoInfo {
  const children = [...query.elements()]
  const named = (name: string) => children.filter((child) => child.name === name)
  return {
    identities: named('identity').map((identity) => {
      const [category = '', type = '', lang = '', name = ''] = IDENTITY.map((attribute) =>
        identity.attr(attribute),
      )
      return { category, type, lang, name }
    }),
    features: named('feature').map((feature) => feature.attr('var') ?? ''),
    forms: named('x').map((form) => fieldsOf(form)),
  }
}

const IDENTITY = ['category', 'type', 'xml:lang', 'name']

function fieldsOf(form: Element): InfoField[] {
  const fields = [...form.elements()].filter(({ name }) => name === 'field')
  return fields.map((field) => {
    const values = [...field.elements()].filter(({ name }) => name === 'value')
    return { name: field.attr('var') ?? '', values: values.map((value) => value.text()) }
  })
}
