/** What a watcher may see of a presentity. */
import type { BareJid } from '../../address.ts'
import type { SourceClass } from '../observation.ts'

/** One who asks to see, or sees, a presentity. */
export interface Watcher {
  /** Bare JID; the URI of somebody whose address has no such form. */
  readonly address: string
  /** Set for users of this system. */
  readonly account: BareJid | undefined
  readonly protocol: 'xmpp' | 'sip' | 'api'
}

/** RFC 3856 §6.6.2: active, pending, and a block that looks like an offline person. */
export type Decision = 'allow' | 'confirm' | 'block'

/** The classes of sources that a watcher sees. There is one object for each set: compare with `===`. */
export class Visibility {
  /** `all`, `none`, or the classes by name. */
  readonly key: string
  readonly classes: readonly SourceClass[]
  readonly #seen: ReadonlySet<SourceClass> | undefined

  constructor(key: string, classes: readonly SourceClass[], everything: boolean) {
    this.key = key
    this.classes = classes
    this.#seen = everything ? undefined : new Set(classes)
  }

  sees(source: SourceClass): boolean {
    return this.#seen === undefined || this.#seen.has(source)
  }
}

/** Also of classes that nobody has heard of. */
export const EVERYTHING = new Visibility('all', [], true)
export const NOTHING = new Visibility('none', [], false)

export interface Access {
  /** `allow` as soon as something is visible. */
  readonly decision: Decision
  readonly visible: Visibility
  /** Something more would be visible if the presentity confirmed. */
  readonly asks: boolean
}
