/**
 * The REFERs that are being followed, and for a while those that are done (RFC 7614 §4.7): whoever asked is
 * told by NOTIFY what became of it. All of it is forgotten in a restart, and the subscriptions end then.
 */
import type { BareJid } from '../../core/address.ts'
import { type Access, EVERYTHING } from '../../core/presence/access/access.ts'
import { type FragmentStatus, renderSipfrag } from '../../formats/sipfrag.ts'
import type { Clock } from '../../util/clock.ts'
import { randomId } from '../../util/random-id.ts'
import { SipError } from '../errors.ts'
import type { EventPackage, Rendered, ServedPackage } from '../events/event-package.ts'
import { referPackage } from '../events/refer.ts'
import type { Served, SubscribeService, Wanted } from '../events/subscribe-service.ts'
import type { Subscription } from '../events/subscription.ts'
import { parseSipUri } from '../message/uri.ts'

export interface Refer {
  /** Part of the URI at which its state can be watched; nobody guesses it (RFC 7614 §4.3). */
  readonly token: string
  readonly by: BareJid
}

interface Following extends Refer {
  status: FragmentStatus
  readonly watchers: Set<Subscription>
}

const OWN: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
const TRYING: FragmentStatus = { status: 100, reason: 'Trying' }
/** RFC 7614 §4.7: time for a response and a SUBSCRIBE. */
const KEPT_MS = 64_000
const MAX_REFERS = 1_000
const NAME = 'refer'

export class Refers implements SubscribeService {
  readonly name = NAME
  readonly #clock: Clock
  readonly #refers = new Map<string, Following>()
  readonly #package: EventPackage & { readonly service: ServedPackage }

  constructor(clock: Clock) {
    this.#clock = clock
    this.#package = {
      ...referPackage,
      authorize: () => OWN,
      render: (_deps, { entity }) => this.#render(entity),
      service: {
        name: NAME,
        refreshed: () => undefined,
        ended: (subscription) => this.#watchersOf(subscription.entity)?.delete(subscription),
      },
    }
  }

  /** Throws `SipError` 503 where there are too many. */
  open(by: BareJid): Refer {
    if (this.#refers.size >= MAX_REFERS) throw new SipError(503, undefined, [['Retry-After', '60']])
    const refer: Following = { token: randomId(18, 'hex'), by, status: TRYING, watchers: new Set() }
    this.#refers.set(refer.token, refer)
    return refer
  }

  /** What was asked for is done, or has failed: nothing more will be told. */
  close({ token }: Refer, outcome: FragmentStatus): void {
    const refer = this.#refers.get(token)
    if (!refer) return
    refer.status = outcome
    for (const subscription of [...refer.watchers]) subscription.terminate('noresource')
    this.#clock.after(KEPT_MS, () => this.#refers.delete(token))
  }

  /** For the subscription that a REFER itself makes (RFC 3515 §2.4.4). */
  serve({ token, by }: Refer): Served {
    return {
      package: this.#package,
      presentity: by,
      begin: (subscription) => void this.#refers.get(token)?.watchers.add(subscription),
    }
  }

  /** RFC 7614 §4.5: whoever has the URI, and sent the REFER. RFC 3515 §2.4.4 has 403 for all others. */
  async claim({ package: pkg, entity, watcher }: Wanted): Promise<Served | undefined> {
    if (pkg !== referPackage) return undefined
    const refer = this.#refers.get(tokenIn(entity))
    if (!refer || watcher.account !== refer.by) throw new SipError(403, 'No REFER')
    return this.serve(refer)
  }

  async restore(): Promise<undefined> {
    return undefined
  }

  #render(entity: string): Rendered {
    const status = this.#refers.get(tokenIn(entity))?.status ?? TRYING
    const body = Buffer.from(renderSipfrag(status))
    return { body, state: body, ...(status.status >= 200 && { ends: 'noresource' as const }) }
  }

  #watchersOf(entity: string): Set<Subscription> | undefined {
    return this.#refers.get(tokenIn(entity))?.watchers
  }
}

function tokenIn(entity: string): string {
  return parseSipUri(entity)?.user?.replace(/^refer-/, '') ?? ''
}

/** Where a REFER's state can be watched: at ourselves, as the peer reaches us. */
export function eventsAt({ token }: Refer, contact: string): string {
  return contact.replace(/^(sips?):(?:[^@]*@)?/i, `$1:refer-${token}@`)
}
