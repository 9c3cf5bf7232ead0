/**
 * What each kind of watcher sees of one presentity. A partial view is composed from nothing but the
 * observations that it shows, so that the person tells no more than the tuples do:
 * docs/adr/0012-access-control.md. Each is composed when somebody looks, once for each change.
 */
import { counter } from '../../util/metrics.ts'
import type { BareJid } from '../address.ts'
import { EVERYTHING, type Visibility } from './access/access.ts'
import { type Composition, compose } from './composition/compose.ts'
import type { CompositionPreset } from './composition/table.ts'
import { sameDocument } from './document.ts'
import { isHiding, type Report } from './observation.ts'

export type PresetOf = (presentity: BareJid) => CompositionPreset

const compositions = counter({
  name: 'heliograph_presence_compositions_total',
  help: 'Times that one view of a presentity was composed.',
})

export class Views {
  readonly #presentity: BareJid
  readonly #presetOf: PresetOf
  #full: Composition
  #reports: readonly Report[] = []
  #at: number
  /** With the number of the change for which they hold. */
  #partial: Map<Visibility, { composition: Composition; change: number }> | undefined
  #change = 0

  /** Nothing is known, since `offlineSince` (milliseconds since the epoch). */
  constructor(presentity: BareJid, presetOf: PresetOf, offlineSince: number) {
    this.#presentity = presentity
    this.#presetOf = presetOf
    this.#at = offlineSince
    this.#full = this.#composed([], offlineSince)
  }

  get full(): Composition {
    return this.#full
  }

  /** What the sources say from `now` on. Answers whether anybody could see a difference. */
  update(reports: readonly Report[], now: number): boolean {
    this.#reports = reports
    this.#at = now
    this.#change += 1
    const before = this.#full
    const made = this.#composed(reports, offlineSince(before, now))
    const same = sameDocument(before.document, made.document)
    this.#full = same ? { ...made, document: before.document } : made
    return !same
  }

  of(visible: Visibility): Composition {
    if (visible === EVERYTHING) return this.#full
    this.#partial ??= new Map()
    const known = this.#partial.get(visible)
    if (known?.change === this.#change) return known.composition
    const composition = this.#compose(visible, known?.composition)
    this.#partial.set(visible, { composition, change: this.#change })
    return composition
  }

  #compose(visible: Visibility, before: Composition | undefined): Composition {
    const since = before ? offlineSince(before, this.#at) : this.#at
    const made = this.#composed(visibleReports(this.#reports, visible), since)
    const { document, explanation } = made
    // Who hides from everybody is not given away by the services that say so.
    const shown = document.person.state === 'offline' ? { ...document, tuples: [] } : document
    const same = before && sameDocument(before.document, shown)
    return { document: same ? before.document : shown, explanation }
  }

  #composed(reports: readonly Report[], since: number): Composition {
    compositions.inc()
    return compose(this.#presentity, reports, since, this.#presetOf(this.#presentity))
  }
}

function offlineSince({ document: { person } }: Composition, now: number): number {
  return person.state === 'offline' ? person.since : now
}

/** Appearing offline is meant for everybody, whatever else he sees. */
function visibleReports(reports: readonly Report[], visible: Visibility): Report[] {
  return reports.map((report) => ({
    ...report,
    observations: report.observations.filter((one) => visible.sees(one.class) || isHiding(one)),
  }))
}
