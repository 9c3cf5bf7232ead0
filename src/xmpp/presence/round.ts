/**
 * One round of telling a person's contacts: what each view shows now, and what is different for
 * those who saw this and may see that. Each is worked out once, however many watchers it is for.
 */
import type { BareJid } from '../../core/address.ts'
import { EVERYTHING, type Visibility } from '../../core/presence/access/access.ts'
import {
  type Announcement,
  type Announcements,
  type AnnouncerDeps,
  currentAnnouncements,
} from './announcements.ts'
import { type SharedText, unavailableText } from './presence-stanza.ts'
import type { Told } from './told.ts'

interface Difference {
  readonly was: Visibility
  readonly visible: Visibility
  readonly texts: readonly SharedText[]
}

export class Round {
  readonly #announcer: AnnouncerDeps
  readonly #account: BareJid
  readonly #told: Told
  readonly #now = new Map<Visibility, Announcements>()
  readonly #differences: Difference[] = []

  constructor(announcer: AnnouncerDeps, account: BareJid, told: Told) {
    this.#announcer = announcer
    this.#account = account
    this.#told = told
  }

  now(visible: Visibility): Announcements {
    const known = this.#now.get(visible)
    if (known) return known
    // Texts that were told, and those of the widest view, are not serialised again.
    const lenders = [this.#told.of(visible)]
    if (visible !== EVERYTHING) lenders.push(this.#now.get(EVERYTHING) ?? this.#told.of(EVERYTHING))
    const made = currentAnnouncements(this.#announcer, this.#account, { visible, lenders })
    this.#now.set(visible, made)
    return made
  }

  /** Whether the watchers of any view have something to hear. */
  get hasNews(): boolean {
    for (const visible of this.#told.views()) {
      if (this.texts(visible, visible).length > 0) return true
    }
    return false
  }

  /** What a watcher who was told one view and may see another has to be told: first what is gone. */
  texts(was: Visibility, visible: Visibility): readonly SharedText[] {
    for (const known of this.#differences) {
      if (known.was === was && known.visible === visible) return known.texts
    }
    const texts = this.#difference(this.#told.of(was), this.now(visible))
    this.#differences.push({ was, visible, texts })
    return texts
  }

  /** The views that were looked at in this round become what was told. */
  finish(): void {
    for (const [visible, announcements] of this.#now) this.#told.keep(visible, announcements)
    this.#told.tidy()
  }

  #difference(before: Announcements, now: Announcements): SharedText[] {
    const texts: SharedText[] = []
    for (const [resource, { source }] of before) {
      if (now.has(resource)) continue
      // Only who saw the client itself hears its last words.
      const farewell = source && this.#told.farewell(resource)
      texts.push(farewell ?? unavailableText(`${this.#account}/${resource}`))
    }
    for (const [resource, announcement] of now) {
      if (!isSame(before.get(resource), announcement)) texts.push(announcement.text)
    }
    return texts
  }
}

function isSame(one: Announcement | undefined, other: Announcement): boolean {
  return one !== undefined && one.source === other.source && one.appearance === other.appearance
}
