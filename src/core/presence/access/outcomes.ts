/** One `Access` for each outcome, and one `Visibility` for each set of classes. */
import { type Access, EVERYTHING, NOTHING, Visibility } from './access.ts'
import type { RuleIndex, Verdict } from './rule-index.ts'

export const FULL: Access = { decision: 'allow', visible: EVERYTHING, asks: false }
export const BLOCKED: Access = { decision: 'block', visible: NOTHING, asks: false }
export const PENDING: Access = { decision: 'confirm', visible: NOTHING, asks: true }

export class Outcomes {
  readonly #visibilities = new Map<number, Visibility>()
  readonly #partial = new Map<string, Access>()

  of({ allow, confirm }: Verdict, index: RuleIndex): Access {
    if (allow === index.everything) return FULL
    if (allow === 0) return confirm === 0 ? BLOCKED : PENDING
    const asks = confirm !== 0
    const key = `${allow} ${asks}`
    const known = this.#partial.get(key)
    if (known) return known
    const made: Access = { decision: 'allow', visible: this.#visibility(allow, index), asks }
    this.#partial.set(key, made)
    return made
  }

  #visibility(mask: number, index: RuleIndex): Visibility {
    const known = this.#visibilities.get(mask)
    if (known) return known
    const classes = index.classesOf(mask)
    const made = new Visibility(classes.join(','), classes, false)
    this.#visibilities.set(mask, made)
    return made
  }
}
