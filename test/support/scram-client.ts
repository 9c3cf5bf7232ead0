/** The client's side of SCRAM (RFC 5802 §3), for tests. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

export interface ScramClientOptions {
  /** `SCRAM-SHA-256` or `SCRAM-SHA-256-PLUS` and the like. */
  mechanism: string
  user: string
  password: string
  authzid?: string
  /** Where binding: the type and its bytes. */
  binding?: { type: string; data: Buffer }
  /** The flag without binding: `n`, or `y` for "I could, but you do not offer it". */
  flag?: 'n' | 'y'
  nonce?: string
}

export class ScramClient {
  readonly #options: ScramClientOptions
  readonly #digest: 'sha1' | 'sha256' | 'sha512'
  readonly #gs2: string
  readonly #bare: string
  /** Of what the server offered, as it says (XEP-0474). */
  offerHash: string | undefined
  #serverSignature = ''

  constructor(options: ScramClientOptions) {
    this.#options = options
    const size = /SHA-(\d+)/.exec(options.mechanism)?.[1]
    this.#digest = size === '512' ? 'sha512' : size === '256' ? 'sha256' : 'sha1'
    const flag = options.binding ? `p=${options.binding.type}` : (options.flag ?? 'n')
    this.#gs2 = `${flag},${options.authzid === undefined ? '' : `a=${options.authzid}`},`
    const nonce = options.nonce ?? randomBytes(12).toString('base64')
    const user = options.user.replaceAll('=', '=3D').replaceAll(',', '=2C')
    this.#bare = `n=${user},r=${nonce}`
  }

  first(): string {
    return this.#gs2 + this.#bare
  }

  final(serverFirst: string): string {
    const match = /^r=([^,]+),s=([^,]+),i=(\d+)(?:,h=(.+))?$/.exec(serverFirst)
    if (!match) throw new Error(`not a server-first-message: ${serverFirst}`)
    const [, nonce = '', salt = '', iterations = '', offer] = match
    this.offerHash = offer
    const header = Buffer.from(this.#gs2)
    const { binding, password } = this.#options
    const data = binding ? Buffer.concat([header, binding.data]) : header
    const withoutProof = `c=${data.toString('base64')},r=${nonce}`
    const authMessage = `${this.#bare},${serverFirst},${withoutProof}`

    const length = createHash(this.#digest).digest().length
    const key = Buffer.from(salt, 'base64')
    const salted = pbkdf2Sync(password, key, Number(iterations), length, this.#digest)
    const clientKey = this.#hmac(salted, 'Client Key')
    const storedKey = createHash(this.#digest).update(clientKey).digest()
    const signature = this.#hmac(storedKey, authMessage)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
    const serverKey = this.#hmac(salted, 'Server Key')
    this.#serverSignature = `v=${this.#hmac(serverKey, authMessage).toString('base64')}`
    return `${withoutProof},p=${proof.toString('base64')}`
  }

  /** Whether the server proved that it knows the password too. */
  accepts(serverFinal: string): boolean {
    return serverFinal === this.#serverSignature
  }

  #hmac(key: Buffer, text: string): Buffer {
    return createHmac(this.#digest, key).update(text).digest()
  }
}
