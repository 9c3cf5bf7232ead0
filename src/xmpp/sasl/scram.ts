/**
 * SCRAM (RFC 5802) with SHA-1, SHA-256 (RFC 7677) and SHA-512, each with and without channel binding.
 * The server works with stored keys only: no password, and none of its slow hashing, is here.
 */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { SaslError } from '../errors.ts'
import { accountOf, checkAuthzid } from './account.ts'
import { type Digest, hmac } from './hmac.ts'
import type {
  SaslContext,
  SaslExchange,
  SaslMechanism,
  SaslStep,
  ScramKeys,
  ScramMechanism,
} from './mechanism.ts'
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-messages.ts'

const DIGESTS: readonly (readonly [ScramMechanism, Digest])[] = [
  ['SCRAM-SHA-512', 'sha512'],
  ['SCRAM-SHA-256', 'sha256'],
  ['SCRAM-SHA-1', 'sha1'],
]

/** Strongest first; with channel binding before without (RFC 5802 §6). */
export const scramMechanisms: readonly SaslMechanism[] = [true, false].flatMap((plus) =>
  DIGESTS.map(([name, digest]) => ({
    name: plus ? `${name}-PLUS` : name,
    serverFirst: false,
    proves: 'password' as const,
    start: (context: SaslContext) => new ScramExchange(context, { name, digest, plus }),
  })),
)

export interface Flavour {
  readonly name: ScramMechanism
  readonly digest: Digest
  readonly plus: boolean
}

/** What the server remembers between the client's two messages. */
interface Pending {
  readonly first: ClientFirst
  readonly serverFirst: string
  readonly nonce: string
  readonly keys: ScramKeys
  readonly known: boolean
}

export class ScramExchange implements SaslExchange {
  readonly #context: SaslContext
  readonly #flavour: Flavour
  readonly #ownNonce: string
  #pending: Pending | undefined

  constructor(
    context: SaslContext,
    flavour: Flavour,
    ownNonce = randomBytes(18).toString('base64'),
  ) {
    this.#context = context
    this.#flavour = flavour
    this.#ownNonce = ownNonce
  }

  step(response: Buffer): SaslStep | Promise<SaslStep> {
    const text = response.toString('utf8')
    return this.#pending ? this.#finish(this.#pending, text) : this.#begin(text)
  }

  async #begin(text: string): Promise<SaslStep> {
    const first = parseClientFirst(text)
    this.#checkBindingChoice(first, text)
    const account = accountOf(first.user, this.#context.domain)
    if (!account) throw new SaslError('not-authorized')
    this.#context.claimed(account)
    const { credentials } = this.#context
    const found = await credentials.scram(account, this.#flavour.name)
    const keys = found ?? credentials.fakeScram(account, this.#flavour.name)
    const nonce = first.nonce + this.#ownNonce
    const salt = keys.salt.toString('base64')
    const offered = this.#context.offerHash(this.#flavour.digest)
    const hashed = offered === undefined ? '' : `,h=${offered}`
    const serverFirst = `r=${nonce},s=${salt},i=${keys.iterations}${hashed}`
    this.#pending = { first, serverFirst, nonce, keys, known: found !== undefined }
    return { kind: 'challenge', data: Buffer.from(serverFirst) }
  }

  /** §6: a client that could bind but thinks that the server cannot has been lied to. */
  #checkBindingChoice({ binding }: ClientFirst, text: string): void {
    const flag = text[0]
    if (this.#flavour.plus ? flag !== 'p' : flag === 'p') throw new SaslError('malformed-request')
    if (flag === 'y' && this.#context.offersPlus) {
      throw new SaslError('not-authorized', 'channel binding is offered here')
    }
    if (binding && !this.#context.channelBinding(binding)) {
      throw new SaslError('not-authorized', `no channel binding of type ${binding}`)
    }
  }

  #finish({ first, serverFirst, nonce, keys, known }: Pending, text: string): SaslStep {
    const final = parseClientFinal(text)
    if (!final.binding.equals(this.#expectedBinding(first))) throw new SaslError('not-authorized')
    if (final.nonce !== nonce) throw new SaslError('not-authorized')
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`
    const proven = this.#proves(final.proof, authMessage, keys)
    if (!proven || !known) throw new SaslError('not-authorized')

    const account = accountOf(first.user, this.#context.domain)
    if (!account) throw new SaslError('not-authorized')
    checkAuthzid(first.authzid, account)
    const signature = hmac(this.#flavour.digest, keys.serverKey, authMessage)
    return {
      kind: 'success',
      account,
      data: Buffer.from(`v=${signature.toString('base64')}`),
    }
  }

  #expectedBinding({ gs2Header, binding }: ClientFirst): Buffer {
    const header = Buffer.from(gs2Header)
    const data = binding && this.#context.channelBinding(binding)
    return data ? Buffer.concat([header, data]) : header
  }

  /** §3: ClientKey = ClientProof XOR ClientSignature, and H(ClientKey) must be the stored key. */
  #proves(proof: Buffer, authMessage: string, { storedKey }: ScramKeys): boolean {
    const { digest } = this.#flavour
    const signature = hmac(digest, storedKey, authMessage)
    if (proof.length !== signature.length) return false
    const clientKey = signature.map((byte, at) => byte ^ (proof[at] ?? 0))
    return timingSafeEqual(hash(digest, clientKey, 'buffer'), storedKey)
  }
}
