/** `<success/>` of XEP-0388 §2.6.1, as what the client asked for with its sign-in is done. */
import { type Element, xml } from '../../xml/element.ts'
import { NS_FAST, NS_SASL2 } from '../namespaces.ts'
import type { NewToken } from '../sasl/fast/fast-tokens.ts'

export class Sasl2Success {
  readonly #data: string | undefined
  readonly #results: Element[] = []

  constructor({ data, token }: { data: string | undefined; token: NewToken | undefined }) {
    this.#data = data
    if (token) this.#results.push(tokenElement(token))
  }

  /** What became of a wish. */
  add(result: Element | undefined): this {
    if (result) this.#results.push(result)
    return this
  }

  /** `identity` is a full JID where there is a resource. */
  toString(identity: string): string {
    return xml(
      'success',
      { xmlns: NS_SASL2 },
      this.#data === undefined ? undefined : xml('additional-data', {}, this.#data),
      xml('authorization-identifier', {}, identity),
      ...this.#results,
    ).toString()
  }
}

/** XEP-0484 §3.3. */
function tokenElement({ token, expiresAt }: NewToken): Element {
  return xml('token', { xmlns: NS_FAST, token, expiry: new Date(expiresAt).toISOString() })
}
