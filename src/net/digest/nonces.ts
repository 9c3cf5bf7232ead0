/** Digest nonces that need no memory until they are used: a time and a MAC over it (RFC 7616 §3.3, §5.4). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../../util/clock.ts'

const TIME_BYTES = 6
const SALT_BYTES = 6
const MAC_BYTES = 16
/** How far out of order requests of one client may come, RFC 3261 over UDP. */
const WINDOW = 32

export interface NonceOptions {
  readonly lifetimeMs?: number
  /** Nonces whose counts are remembered; older ones count as stale when there are more. */
  readonly maxTracked?: number
}

interface Usage {
  readonly issuedAt: number
  highest: number
  /** Bit n: `highest - n` has been used. */
  seen: number
}

export class Nonces {
  readonly #clock: Clock
  readonly #key = randomBytes(32)
  readonly #lifetimeMs: number
  readonly #maxTracked: number
  /** In the order of first use. */
  readonly #usage = new Map<string, Usage>()
  /** Nonces issued up to then are stale, since their use is no longer remembered. */
  #forgottenUntil = 0

  constructor(clock: Clock, { lifetimeMs = 300_000, maxTracked = 50_000 }: NonceOptions = {}) {
    this.#clock = clock
    this.#lifetimeMs = lifetimeMs
    this.#maxTracked = maxTracked
  }

  issue(realm: string): string {
    const head = Buffer.alloc(TIME_BYTES + SALT_BYTES)
    head.writeUIntBE(this.#clock.now(), 0, TIME_BYTES)
    randomBytes(SALT_BYTES).copy(head, TIME_BYTES)
    return Buffer.concat([head, this.#mac(head, realm)]).toString('base64url')
  }

  /**
   * Uses up one count of a nonce. False where the nonce is not ours, too old, or has seen this count before:
   * the client may go on with a new one.
   */
  use(nonce: string, realm: string, count: number): boolean {
    const issuedAt = this.#issuedAt(nonce, realm)
    const now = this.#clock.now()
    if (issuedAt === undefined || issuedAt + this.#lifetimeMs < now) return false
    const usage = this.#usage.get(nonce)
    if (usage) return useCount(usage, count)
    if (issuedAt <= this.#forgottenUntil) return false
    this.#makeRoom(now)
    this.#usage.set(nonce, { issuedAt, highest: count, seen: 1 })
    return true
  }

  #issuedAt(nonce: string, realm: string): number | undefined {
    const bytes = Buffer.from(nonce, 'base64url')
    if (bytes.length !== TIME_BYTES + SALT_BYTES + MAC_BYTES) return undefined
    // Another spelling of the same bytes would be another key of `#usage`, and a way to count anew.
    if (bytes.toString('base64url') !== nonce) return undefined
    const head = bytes.subarray(0, TIME_BYTES + SALT_BYTES)
    const mac = bytes.subarray(TIME_BYTES + SALT_BYTES)
    return timingSafeEqual(mac, this.#mac(head, realm)) ? head.readUIntBE(0, TIME_BYTES) : undefined
  }

  #mac(head: Buffer, realm: string): Buffer {
    const mac = createHmac('sha256', this.#key).update(head).update(realm).digest()
    return mac.subarray(0, MAC_BYTES)
  }

  #makeRoom(now: number): void {
    for (const [nonce, { issuedAt }] of this.#usage) {
      const expired = issuedAt + this.#lifetimeMs < now
      if (!expired && this.#usage.size < this.#maxTracked) return
      this.#usage.delete(nonce)
      if (!expired) this.#forgottenUntil = Math.max(this.#forgottenUntil, issuedAt)
    }
  }
}

function useCount(usage: Usage, count: number): boolean {
  const ahead = count - usage.highest
  if (ahead > 0) {
    usage.seen = ahead >= WINDOW ? 1 : ((usage.seen << ahead) | 1) >>> 0
    usage.highest = count
    return true
  }
  if (-ahead >= WINDOW) return false
  const bit = (1 << -ahead) >>> 0
  if ((usage.seen & bit) !== 0) return false
  usage.seen = (usage.seen | bit) >>> 0
  return true
}
