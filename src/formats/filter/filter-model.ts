/**
 * Event notification filters (RFC 4660, RFC 4661): what of a document a watcher wants to have, and
 * which changes he wants to be told of.
 */
import type { Path } from '../../xml/path/path.ts'

/** The media type (RFC 4661 §3.1). */
export const SIMPLE_FILTER = 'application/simple-filter+xml'
export const NS_SIMPLE_FILTER = 'urn:ietf:params:xml:ns:simple-filter'

/** What an `include` or `exclude` names (RFC 4661 §3.5.3). */
export type Selection =
  | { readonly type: 'xpath'; readonly path: Path }
  | { readonly type: 'namespace'; readonly ns: string }

/** RFC 4661 §3.5. */
export interface What {
  readonly include: readonly Selection[]
  readonly exclude: readonly Selection[]
}

/** RFC 4661 §3.6. */
export type Criterion =
  | { readonly kind: 'added' | 'removed'; readonly path: Path }
  | {
      readonly kind: 'changed'
      readonly path: Path
      readonly from: string | undefined
      readonly to: string | undefined
      readonly by: number | undefined
    }

export interface Filter {
  readonly id: string
  /** `undefined`: the resource that the subscription is about. */
  readonly uri: string | undefined
  readonly domain: string | undefined
  readonly enabled: boolean
  /** To be taken away from those that are there (§3.4); in no set that is kept. */
  readonly remove: boolean
  /** Everything, where it names nothing. */
  readonly what: What | undefined
  /** One of these, all criteria of which are met; whatever changes, where there are none. */
  readonly triggers: readonly (readonly Criterion[])[]
}

export interface FilterSet {
  /** The event package that it is for; `undefined`: whichever it comes with. */
  readonly package: string | undefined
  readonly filters: readonly Filter[]
}

/** `not-well-formed` is no XML; `too-large` beyond the limits; `invalid` not what RFC 4661 has. */
export class FilterError extends Error {
  readonly kind: 'not-well-formed' | 'too-large' | 'invalid'

  constructor(kind: FilterError['kind'], message: string) {
    super(message)
    this.name = 'FilterError'
    this.kind = kind
  }
}
