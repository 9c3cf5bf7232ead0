/** What the contacts of one person were told last: the announcements of each view, and who has which. */
import type { BareJid } from '../../core/address.ts'
import { EVERYTHING, Visibility } from '../../core/presence/access/access.ts'
import { type Announcements, NOTHING } from './announcements.ts'
import type { SharedText } from './presence-stanza.ts'

/** The view of somebody who has become a watcher and has not been told anything. */
export const UNTOLD = new Visibility('untold', [], false)

/** There is one for each person on line, so what most of them do not need is not there. */
export class Told {
  #everything: Announcements = NOTHING
  #partial: Map<Visibility, Announcements> | undefined
  /** Watchers who are on line and were told another view than everything. */
  #others: Map<BareJid, Visibility> | undefined
  /** The words with which a resource went away, until contacts have been told. */
  #farewells: Map<string, SharedText> | undefined

  get isEmpty(): boolean {
    if (this.#everything.size > 0) return false
    for (const announcements of this.#partial?.values() ?? []) {
      if (announcements.size > 0) return false
    }
    return true
  }

  /** What watchers of this view were told; nothing where there are none. */
  of(visible: Visibility): Announcements {
    if (visible === EVERYTHING) return this.#everything
    return this.#partial?.get(visible) ?? NOTHING
  }

  *views(): Iterable<Visibility> {
    yield EVERYTHING
    if (this.#partial) yield* this.#partial.keys()
  }

  /** From now on this is what the watchers of a view were told. */
  keep(visible: Visibility, announcements: Announcements): void {
    if (visible === EVERYTHING) {
      this.#everything = announcements
    } else if (visible !== UNTOLD) {
      this.#partial ??= new Map()
      this.#partial.set(visible, announcements)
    }
  }

  viewOf(watcher: BareJid): Visibility {
    return this.#others?.get(watcher) ?? EVERYTHING
  }

  setView(watcher: BareJid, visible: Visibility): void {
    if (visible === EVERYTHING) {
      this.#others?.delete(watcher)
    } else {
      this.#others ??= new Map()
      this.#others.set(watcher, visible)
    }
  }

  /** Nobody is there to be told. */
  forget(watcher: BareJid): void {
    this.#others?.delete(watcher)
  }

  /** Forgets views that nobody has any more. */
  tidy(): void {
    if (!this.#partial) return
    const seen = new Set(this.#others?.values())
    for (const visible of this.#partial.keys())
      if (!seen.has(visible)) this.#partial.delete(visible)
    if (this.#partial.size === 0) this.#partial = undefined
    if (this.#others?.size === 0) this.#others = undefined
  }

  setFarewell(resource: string, text: SharedText): void {
    this.#farewells ??= new Map()
    this.#farewells.set(resource, text)
  }

  farewell(resource: string): SharedText | undefined {
    return this.#farewells?.get(resource)
  }

  forgetFarewells(): void {
    this.#farewells = undefined
  }
}
