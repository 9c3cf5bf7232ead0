/** The location service (RFC 3261 §16.5): the contact of a user's that gets a request for him. */
import type { BareJid } from '../../core/address.ts'
import { SipError } from '../errors.ts'
import type { ResolveResource } from '../events/resources.ts'
import { type SipUri, serializeUri } from '../message/uri.ts'
import type { Binding } from '../registrar/binding.ts'
import type { Gruus } from '../registrar/gruu.ts'

export interface LocationDeps {
  readonly resolve: ResolveResource
  readonly bindings: { of(account: BareJid): readonly Binding[] }
  readonly gruus: Gruus
}

export class Location {
  readonly #deps: LocationDeps

  constructor(deps: LocationDeps) {
    this.#deps = deps
  }

  /**
   * The first is to get the request; the others are flows to the same device, for when that one is broken (RFC 5626 §7).
   * Throws `SipError` 404 where nobody is called so, 480 where he is not there.
   */
  async contactsFor(uri: SipUri): Promise<readonly [Binding, ...Binding[]]> {
    const candidates = (await this.#bindingsOf(uri))
      .filter((binding) => !binding.isLost && (uri.scheme !== 'sips' || isSecure(binding)))
      .sort(byPreference)
    const [best] = candidates
    if (!best) throw new SipError(480)
    const others = candidates.slice(1).filter((one) => isSameDevice(one, best))
    return [best, ...others]
  }

  async #bindingsOf(uri: SipUri): Promise<readonly Binding[]> {
    const gr = uri.params.get('gr')
    if (gr === '') return this.#deps.gruus.temporary(uri)
    const account = await this.#deps.resolve(serializeUri(uri))
    const all = [...this.#deps.bindings.of(account)]
    // RFC 5627 §6.1: just like the AOR, but with a part of its contacts only.
    return gr === undefined ? all : all.filter(({ state }) => isInstance(state.instance, gr))
  }
}

/** By q; among equals the one that was registered last (RFC 5627 §6.1). */
function byPreference({ state: left }: Binding, { state: right }: Binding): number {
  return right.q - left.q || right.registeredAt - left.registeredAt
}

function isSameDevice({ state: left }: Binding, { state: right }: Binding): boolean {
  return left.instance !== undefined && isInstance(left.instance, right.instance)
}

/** RFC 8141 §3.1: a URN's scheme and namespace in any case, and those of UUIDs are hexadecimal. */
function isInstance(instance: string | undefined, other: string | undefined): boolean {
  return instance !== undefined && instance.toLowerCase() === other?.toLowerCase()
}

/** RFC 5630 §3.1: whom a sips URI names is reached by TLS or not at all. */
function isSecure({ state: { contact, peer } }: Binding): boolean {
  return peer ? ['tls', 'wss'].includes(peer.transport) : contact.toLowerCase().startsWith('sips:')
}
