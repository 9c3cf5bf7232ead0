/** Keys of SCRAM as XEP-0227 §4.3 writes them. */
import {
  HASHES,
  SCRAM_MECHANISMS,
  type ScramKeys,
  type ScramMechanism,
} from '../../directory/scram.ts'
import { type Element, xml } from '../../xml/element.ts'

export const NS_PIE_SCRAM = 'urn:xmpp:pie:0#scram'

/** More would keep the server busy for long whenever the user signs in with PLAIN. */
const MAX_ITERATIONS = 1_000_000
const MAX_SALT_BYTES = 1024

export function scramElement(mechanism: ScramMechanism, keys: ScramKeys): Element {
  return xml(
    'scram-credentials',
    { xmlns: NS_PIE_SCRAM, mechanism },
    xml('iter-count', {}, String(keys.iterations)),
    xml('salt', {}, keys.salt.toString('base64')),
    xml('server-key', {}, keys.serverKey.toString('base64')),
    xml('stored-key', {}, keys.storedKey.toString('base64')),
  )
}

/** Which mechanism of ours it is for; `undefined` for others. */
export function scramMechanism(element: Element): ScramMechanism | undefined {
  return SCRAM_MECHANISMS.find((known) => known === element.attr('mechanism'))
}

/** `undefined` where it is not as it must be. */
export function readScram(element: Element, mechanism: ScramMechanism): ScramKeys | undefined {
  const text = (name: string) => element.child(name)?.text().trim() ?? ''
  return keysFrom(mechanism, {
    count: text('iter-count'),
    salt: text('salt'),
    serverKey: text('server-key'),
    storedKey: text('stored-key'),
  })
}

/** @COMPAT(ejabberd): what it writes into `password` where it keeps keys only. `undefined` for a password. */
export function scramInPassword(
  password: string,
): { mechanism: ScramMechanism; keys: ScramKeys } | undefined {
  const parts = /^scram:([^,]+),([^,]+),([^,]+),(\d+)$/.exec(password)
  if (!parts) return undefined
  const [, storedKey = '', serverKey = '', salt = '', count = ''] = parts
  for (const mechanism of SCRAM_MECHANISMS) {
    const keys = keysFrom(mechanism, { count, salt, serverKey, storedKey })
    if (keys) return { mechanism, keys }
  }
  return undefined
}

type Written = Record<'count' | 'salt' | 'serverKey' | 'storedKey', string>

function keysFrom(mechanism: ScramMechanism, written: Written): ScramKeys | undefined {
  const { bytes } = HASHES[mechanism]
  const iterations = /^[1-9]\d{0,6}$/.test(written.count) ? Number(written.count) : 0
  const salt = bytesOf(written.salt)
  const serverKey = bytesOf(written.serverKey)
  const storedKey = bytesOf(written.storedKey)
  if (iterations === 0 || iterations > MAX_ITERATIONS) return undefined
  if (!salt || salt.length === 0 || salt.length > MAX_SALT_BYTES) return undefined
  if (serverKey?.length !== bytes || storedKey?.length !== bytes) return undefined
  return { salt, iterations, storedKey, serverKey }
}

function bytesOf(base64: string): Buffer | undefined {
  const text = base64.replace(/\s/g, '')
  return /^[A-Za-z\d+/]*={0,2}$/.test(text) ? Buffer.from(text, 'base64') : undefined
}
