/**
 * A registration is presence, too: a phone that can be reached. It says `available` of class phone,
 * the weakest thing that composition knows to be on line (rule `phone-available`), and only while the
 * user publishes nothing: who publishes speaks for himself, and a publication of `away` or `closed`
 * must not be outvoted by the same phone's registration.
 */
import { hash } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import type { PresenceService } from '../../core/presence/presence.ts'
import type { Log } from '../../util/log.ts'
import type { Binding } from './binding.ts'

export class RegistrationPresence {
  readonly #presence: PresenceService
  readonly #log: Log
  readonly #bindings = new Map<BareJid, Set<Binding>>()
  readonly #publishers = new Set<BareJid>()

  constructor({ presence, log }: { presence: PresenceService; log: Log }) {
    this.#presence = presence
    this.#log = log
  }

  /** A binding came, was renewed, or went. */
  changed(binding: Binding): void {
    if (binding.isBound) this.#bound(binding)
    else this.#unbound(binding)
  }

  /** The user's first publication came, or his last one ended. */
  publishes(account: BareJid, publishes: boolean): void {
    if (publishes) this.#publishers.add(account)
    else this.#publishers.delete(account)
    for (const binding of this.#bindings.get(account) ?? []) {
      if (publishes) this.#presence.withdraw(account, sourceOf(binding))
      else this.#report(binding)
    }
  }

  #bound(binding: Binding): void {
    const { account } = binding
    const bindings = this.#bindings.get(account)
    if (bindings) bindings.add(binding)
    else this.#bindings.set(account, new Set([binding]))
    if (!this.#publishers.has(account)) this.#report(binding)
  }

  #unbound(binding: Binding): void {
    const { account } = binding
    const bindings = this.#bindings.get(account)
    bindings?.delete(binding)
    if (bindings?.size === 0) this.#bindings.delete(account)
    // A device with several flows is one source, for as long as one of them is there (RFC 5626 §7).
    const other = [...(bindings ?? [])].find(({ device }) => device === binding.device)
    if (!other) this.#presence.withdraw(account, sourceOf(binding))
    else if (!this.#publishers.has(account)) this.#report(other)
  }

  #report(binding: Binding): void {
    const { account, state, since } = binding
    try {
      this.#presence.report({
        presentity: account,
        source: sourceOf(binding),
        observations: [
          {
            id: 'registration',
            class: 'phone',
            basic: 'open',
            activity: 'available',
            manual: false,
            capabilities: { voice: true, im: state.takesMessages },
            since,
          },
        ],
        until: state.expiresAt,
      })
    } catch (err) {
      // More sources than the core keeps: the registration holds all the same.
      this.#log.warn({ what: 'sip_registration_not_reported', account, err })
    }
  }
}

function sourceOf({ resource, device }: Binding): string {
  const name =
    device === resource ? resource.replace(/^sip-/, '') : hash('sha256', device).slice(0, 12)
  return `sip/reg-${name}`
}
