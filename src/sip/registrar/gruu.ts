/**
 * URIs of devices that everybody can route to (GRUU, RFC 5627): the public one is the AOR with the name of the
 * device, a temporary one tells nothing of either. It carries, encrypted, whose it is and the series that it belongs to;
 * the series ends with the device's last contact, or when that registers under another Call-ID (§5.1, §5.3).
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { type BareJid, parseJid } from '../../core/address.ts'
import { SipError } from '../errors.ts'
import { type SipUri, serializeUri } from '../message/uri.ts'
import type { Binding } from './binding.ts'

export interface GruuDeps {
  readonly secret: Buffer
  readonly bindings: { of(account: BareJid): readonly Binding[] }
}

const PREFIX = 'tgruu.'
const CIPHER = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SERIES_BYTES = 9
/** So that its length says little of whose it is. */
const BLOCK = 32

/** Names the temporary GRUUs of one device that are good together; `cseq` is that of the REGISTER that got the first. */
export function newSeries(cseq: number): string {
  return `${randomBytes(SERIES_BYTES).toString('base64url')}.${cseq}`
}

/** RFC 5628 §5.1. */
export function firstCseq(series: string): number {
  return Number(series.slice(series.indexOf('.') + 1))
}

export class Gruus {
  readonly #key: Buffer
  readonly #bindings: GruuDeps['bindings']

  constructor({ secret, bindings }: GruuDeps) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'heliograph sip gruu', 32))
    this.#bindings = bindings
  }

  /** §5.1: the AOR with a `gr` that has a value. */
  publicUri({ scheme, user, host }: SipUri, instance: string): string {
    return serializeUri({ scheme, user, host, params: new Map([['gr', instance]]) })
  }

  /** Another one each time; nobody can tell whether two of them are the same device's (§5.1). */
  temporaryUri({ scheme, host }: SipUri, { account, state }: Binding): string | undefined {
    if (state.series === undefined) return undefined
    const text = `${state.series} ${account}`
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#key, nonce)
    const padded = text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK)
    const sealed = [nonce, cipher.update(padded, 'utf8'), cipher.final(), cipher.getAuthTag()]
    const user = PREFIX + Buffer.concat(sealed).toString('base64url')
    return serializeUri({ scheme, user, host, params: new Map([['gr', '']]) })
  }

  /** Of the device that it is one of now. Throws `SipError` 404 (§6.1). */
  temporary({ user = '' }: SipUri): readonly Binding[] {
    const [series, address = ''] = this.#open(user)?.trimEnd().split(' ') ?? []
    const account = parseJid(address)?.bare
    const all = account === undefined ? [] : this.#bindings.of(account)
    const found = all.filter(({ state }) => state.series !== undefined && state.series === series)
    if (found.length === 0) throw new SipError(404)
    return found
  }

  #open(user: string): string | undefined {
    const sealed = Buffer.from(user.slice(PREFIX.length), 'base64url')
    if (!user.startsWith(PREFIX) || sealed.length < NONCE_BYTES + TAG_BYTES) return undefined
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, sealed.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
      const text = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString()
    } catch {
      // Not one of ours, or not any more: the key was made anew.
      return undefined
    }
  }
}
