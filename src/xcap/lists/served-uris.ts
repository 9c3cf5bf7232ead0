/** Whose services are served by which URIs, so that whoever watches one hears of its end, too. */
import type { BareJid } from '../../core/address.ts'
import { ResourceListsError } from '../../formats/resource-lists.ts'
import { parseRlsServices } from '../../formats/rls-services.ts'
import { canonicalServiceUri } from '../../formats/service-uri.ts'

export class ServedUris {
  readonly #now = new Map<BareJid, ReadonlySet<string>>()
  /** Those that are gone, until somebody is told. */
  readonly #gone = new Map<BareJid, ReadonlySet<string>>()

  /** What the user's document says now. */
  set(account: BareJid, text: string | undefined): void {
    const before = this.#now.get(account)
    const uris = text === undefined ? new Set<string>() : urisIn(text)
    if (uris.size > 0) this.#now.set(account, uris)
    else this.#now.delete(account)
    const gone = before?.difference(uris)
    if (gone && gone.size > 0) this.#gone.set(account, gone)
  }

  /** All that a change of his documents may concern. */
  *take(account: BareJid): Iterable<string> {
    yield* this.#gone.get(account) ?? []
    this.#gone.delete(account)
    yield* this.#now.get(account) ?? []
  }
}

function urisIn(text: string): Set<string> {
  try {
    return new Set(parseRlsServices(text).flatMap(({ uri }) => canonicalServiceUri(uri) ?? []))
  } catch (error) {
    if (!(error instanceof ResourceListsError)) throw error
    return new Set()
  }
}
