/**
 * Branches of what is relayed (RFC 3261 §16.11): the same for the same request each time it comes, and for the ACK and
 * CANCEL that belong to it. A response is relayed only where its branch proves that we wrote the Via below it,
 * so that nobody can have us carry what he likes to whom he likes.
 */
import { MAGIC_COOKIE } from '../message/identifiers.ts'
import type { SipMessage, SipRequest, SipResponse } from '../message/message.ts'
import { cseqOf, fromOf, parseVia } from '../message/values.ts'
import { KeyedHash } from './keyed-hash.ts'

const PROOF_BYTES = 12
const LOOP_BYTES = 6
const BRANCH = new RegExp(`^${MAGIC_COOKIE}-([\\w-]{16})\\.([\\w-]{8})(\\.\\d)?$`)

export class Branches {
  readonly #hash: KeyedHash

  constructor(secret: Buffer) {
    this.#hash = new KeyedHash(secret, 'branch')
  }

  /** The first part: what the request, its copies, its ACK and its CANCEL have in common. */
  proofOf(request: SipRequest): string {
    return this.#proof(request, request.headers.getAll('Via')[0])
  }

  /**
   * The second part (RFC 5393 §4.2.1): all that decides where the request goes. Call-ID and CSeq number let another
   * request through if these should ever be the same by accident (§4.2.4).
   */
  loopOf(request: SipRequest): string {
    const { uri, headers } = request
    const parts = [uri, ...headers.getAll('Route'), headers.get('Call-ID'), cseqOf(request)?.number]
    return this.#hash.of(['loop', ...parts], LOOP_BYTES)
  }

  /** RFC 5393 §4.2.2: it was here before, and nothing that decides where it goes has changed since. */
  isLoop(request: SipRequest, loop: string): boolean {
    return request.headers.getAll('Via').some((via) => {
      const branch = parseVia(via)?.params.get('branch')
      return BRANCH.exec(branch ?? '')?.[2] === loop
    })
  }

  /** The proof in a response's branch, where it is ours and its next Via is the one that we saw. */
  proofIn(response: SipResponse): string | undefined {
    const [top = '', next] = response.headers.getAll('Via')
    const [, proof = ''] = BRANCH.exec(parseVia(top)?.params.get('branch') ?? '') ?? []
    if (proof === '' || next === undefined) return undefined
    return this.#proof(response, next) === proof ? proof : undefined
  }

  /** §16.11: of a client that makes no branches, the fields that tell its transactions apart. */
  #proof(message: SipMessage, via: string | undefined): string {
    const { transport, host, port, params } = parseVia(via ?? '') ?? {}
    const { headers } = message
    const address = [params?.get('received'), params?.get('rport')]
    const identity = [fromOf(message)?.params.get('tag'), headers.get('Call-ID')]
    const number = cseqOf(message)?.number
    return this.#hash.of(
      [transport, host, port, params?.get('branch'), ...address, ...identity, number],
      PROOF_BYTES,
    )
  }
}

/** `attempt` where the same request goes to another target after the first one failed. */
export function branchOf(proof: string, loop: string, attempt = 0): string {
  return `${MAGIC_COOKIE}-${proof}.${loop}${attempt === 0 ? '' : `.${attempt}`}`
}
