/**
 * Tasks of XEP-0480 §3: a client that knows the password gives what the keys of a mechanism are made of, which the account
 * lacks since it came from elsewhere.
 */
import { randomBytes } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { SaslError } from '../errors.ts'
import type { ScramMechanism } from './mechanism.ts'

export const NS_SCRAM_UPGRADE = 'urn:xmpp:scram-upgrade:0'

/** RFC 5802 §3. */
export interface SaltedPassword {
  readonly salt: Buffer
  readonly iterations: number
  readonly saltedPassword: Buffer
}

export interface UpgradableCredentials {
  /** Mechanisms that the account, which has others, has no keys for. */
  lacking(account: BareJid): readonly ScramMechanism[]
  /** For keys that are made now. */
  scramIterations(mechanism: ScramMechanism): number
  addScram(account: BareJid, mechanism: ScramMechanism, salted: SaltedPassword): Promise<void>
}

const SALT_BYTES = 16
const BYTES = { 'SCRAM-SHA-1': 20, 'SCRAM-SHA-256': 32, 'SCRAM-SHA-512': 64 } as const
const BASE64 = /^[A-Za-z0-9+/]{4,128}={0,2}$/

export class ScramUpgrade {
  readonly mechanism: ScramMechanism
  readonly #credentials: UpgradableCredentials
  readonly #account: BareJid
  readonly #salt = randomBytes(SALT_BYTES)

  constructor(credentials: UpgradableCredentials, account: BareJid, mechanism: ScramMechanism) {
    this.#credentials = credentials
    this.#account = account
    this.mechanism = mechanism
  }

  /** What the client is to salt its password with. */
  get question(): Element {
    const iterations = String(this.#credentials.scramIterations(this.mechanism))
    return xml('salt', { xmlns: NS_SCRAM_UPGRADE, iterations }, this.#salt.toString('base64'))
  }

  /** Throws `SaslError`. */
  async answer(taskData: Element): Promise<void> {
    const text = taskData.child('hash', NS_SCRAM_UPGRADE)?.text().trim() ?? ''
    const saltedPassword = Buffer.from(text, 'base64')
    if (!BASE64.test(text) || saltedPassword.length !== BYTES[this.mechanism]) {
      throw new SaslError('malformed-request')
    }
    await this.#credentials.addScram(this.#account, this.mechanism, {
      salt: this.#salt,
      iterations: this.#credentials.scramIterations(this.mechanism),
      saltedPassword,
    })
  }
}
