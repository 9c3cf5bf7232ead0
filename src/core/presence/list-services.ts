/**
 * Lists of resources that can be watched as one (RFC 4662 §2): where they come from is declared
 * here, and told by whoever keeps them (XCAP documents, contact lists).
 */
import type { BareJid } from '../address.ts'

export interface ListedResource {
  /** As it was written; `sip:`, `sips:`, `pres:` or `tel:`. */
  readonly uri: string
  readonly name?: string | undefined
}

/** A snapshot: flat, each URI once (RFC 4826 §4.5). */
export interface ServedList {
  /** Canonical (RFC 4826 §5). */
  readonly uri: string
  /** By what `onChange` tells of it, where it is not the URI: lists of many people may share one. */
  readonly key?: string | undefined
  /** Who may watch it: its owner; `undefined`: every user of ours. */
  readonly owner: BareJid | undefined
  readonly name?: string | undefined
  /** The event packages that it is for; `undefined`: any. */
  readonly packages?: readonly string[] | undefined
  /** One of them may be a list in its turn. */
  readonly resources: readonly ListedResource[]
}

export interface ListServices {
  /**
   * By its canonical URI; `undefined` where there is no such list. `watcher` is who asks.
   * May reject with a `ResourceListsError` where the list cannot be told (`circular`, `too-large`).
   */
  find(uri: string, watcher: BareJid): Promise<ServedList | undefined>
  /** Called after a list came, changed or went, with its key. */
  onChange(listener: (key: string) => void): Disposable
}
