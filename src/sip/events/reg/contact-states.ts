/**
 * Registered contacts as the `reg` package tells of them (RFC 3680 §4.7.1): those that the registrar
 * has, and for a moment those that have ended, so that whoever watches learns why.
 */
import { createHash } from 'node:crypto'
import type { BareJid } from '../../../core/address.ts'
import type { ContactEntry } from '../../../formats/reginfo.ts'
import type { Clock } from '../../../util/clock.ts'
import { parseSipUri, type SipUri } from '../../message/uri.ts'
import type { Binding } from '../../registrar/binding.ts'
import { firstCseq, type Gruus } from '../../registrar/gruu.ts'

export interface ContactStatesDeps {
  readonly clock: Clock
  /** Whether somebody wants to know of this user's contacts. */
  readonly isWatched: (account: BareJid) => boolean
}

/** The registrar, as far as it is asked here. */
interface Registered {
  of(account: BareJid): readonly Binding[]
  onChange(listener: (binding: Binding) => void): Disposable
}

/** Longer than a NOTIFY that is due may have to wait for the one before it. */
const ENDED_KEPT_MS = 60_000

export class ContactStates {
  readonly #deps: ContactStatesDeps
  readonly #ended = new Map<BareJid, Map<string, ContactEntry>>()
  readonly #listeners = new Set<(account: BareJid) => void>()
  #registered: Registered | undefined
  #gruus: Gruus | undefined

  constructor(deps: ContactStatesDeps) {
    this.#deps = deps
  }

  /** From then on these are the contacts that are told of, with their GRUUs where there are some. */
  follow(registered: Registered, gruus?: Gruus): Disposable {
    this.#registered = registered
    this.#gruus = gruus
    return registered.onChange((binding) => this.#changed(binding))
  }

  onChange(listener: (account: BareJid) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** `aor` is what the watcher asked for: GRUUs are of it. */
  of(account: BareJid, aor: string): readonly ContactEntry[] {
    const uri = parseSipUri(aor)
    const bindings = this.#registered?.of(account) ?? []
    return bindings.map((one) => ({ ...this.#entryOf(one), ...(uri && this.#gruusOf(one, uri)) }))
  }

  /** RFC 5628 §5: the newest temporary GRUU, and since when others are good, too. */
  #gruusOf(binding: Binding, aor: SipUri): Pick<ContactEntry, 'publicGruu' | 'temporaryGruu'> {
    const { instance, series } = binding.state
    const uri = this.#gruus?.temporaryUri(aor, binding)
    if (instance === undefined || series === undefined || uri === undefined) return {}
    return {
      publicGruu: this.#gruus?.publicUri(aor, instance),
      temporaryGruu: { uri, firstCseq: firstCseq(series) },
    }
  }

  /** How a contact ended, where it is not long ago. */
  ended(account: BareJid, id: string): ContactEntry | undefined {
    return this.#ended.get(account)?.get(id)
  }

  #changed(binding: Binding): void {
    const { account } = binding
    if (!this.#deps.isWatched(account)) return
    if (!binding.isBound) this.#remember(account, this.#entryOf(binding))
    for (const listener of this.#listeners) listener(account)
  }

  #remember(account: BareJid, entry: ContactEntry): void {
    const known = this.#ended.get(account)
    if (known) {
      known.set(entry.id, entry)
      return
    }
    this.#ended.set(account, new Map([[entry.id, entry]]))
    this.#deps.clock.after(ENDED_KEPT_MS, () => this.#ended.delete(account))
  }

  #entryOf({ state, event, isBound, since, resource }: Binding): ContactEntry {
    const { contact, q, callId, cseq, instance, expiresAt } = state
    const now = this.#deps.clock.now()
    return {
      id: idOf(resource, contact),
      uri: contact,
      state: isBound ? 'active' : 'terminated',
      event,
      durationRegistered: seconds(now - since),
      ...(isBound && { expires: seconds(expiresAt - now) }),
      ...(q > 0 && { q }),
      callId,
      cseq,
      ...(instance !== undefined && { params: [['+sip.instance', `"<${instance}>"`]] }),
    }
  }
}

/** §5.1: other URIs have other ids, also where one device has moved. */
function idOf(resource: string, contact: string): string {
  return createHash('sha256').update(`${resource}\n${contact}`).digest('hex').slice(0, 16)
}

function seconds(ms: number): number {
  return Math.max(0, Math.round(ms / 1000))
}
