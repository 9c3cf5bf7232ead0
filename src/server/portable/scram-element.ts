/** What is kept of a password, as XEP-0227 §4.3 writes it: one element for each SCRAM mechanism. */
import {
  HASHES,
  SCRAM_MECHANISMS,
  type ScramKeys,
  type ScramMechanism,
} from '../../directory/scram.ts'
import { type Element, xml } from '../../xml/element.ts'

export const NS_PORTABLE_SCRAM = 'urn:xmpp:pie:0#scram'

/** As in a sign-in, this is work that the file asks of us and of clients. */
const MAX_ITERATIONS = 10_000_000
const MAX_SALT_BYTES = 1_024

export interface ScramElement {
  readonly mechanism: ScramMechanism
  readonly keys: ScramKeys
}

export function serializeScram({ mechanism, keys }: ScramElement): Element {
  return xml(
    'scram-credentials',
    { xmlns: NS_PORTABLE_SCRAM, mechanism },
    xml('iter-count', {}, String(keys.iterations)),
    xml('salt', {}, keys.salt.toString('base64')),
    xml('server-key', {}, keys.serverKey.toString('base64')),
    xml('stored-key', {}, keys.storedKey.toString('base64')),
  )
}

/** Or why it cannot be used: the reason holds nothing of the keys. */
export function parseScram(element: Element): ScramElement | string {
  const named = element.attr('mechanism')
  const mechanism = SCRAM_MECHANISMS.find((one) => one === named)
  if (!mechanism) return 'the SCRAM mechanism is not known here'
  const count = only(element, 'iter-count') ?? ''
  const iterations = /^[1-9][0-9]{0,7}$/.test(count) ? Number(count) : 0
  if (iterations === 0 || iterations > MAX_ITERATIONS) return 'the iter-count is not one'
  const { bytes } = HASHES[mechanism]
  const salt = base64(only(element, 'salt'))
  const serverKey = base64(only(element, 'server-key'))
  const storedKey = base64(only(element, 'stored-key'))
  if (!salt || salt.length === 0 || salt.length > MAX_SALT_BYTES) return 'the salt is not one'
  if (serverKey?.length !== bytes) return 'the server-key is not one of the mechanism'
  if (storedKey?.length !== bytes) return 'the stored-key is not one of the mechanism'
  return { mechanism, keys: { salt, iterations, storedKey, serverKey } }
}

/** The text of a child that MUST stand once (XEP-0227 §4.3). */
function only(element: Element, name: string): string | undefined {
  const found = [...element.elements()].filter((child) => child.is(name, element.ns))
  return found.length === 1 ? found[0]?.text().trim() : undefined
}

function base64(text: string | undefined): Buffer | undefined {
  if (text === undefined || text.length % 4 !== 0) return undefined
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64')
}
