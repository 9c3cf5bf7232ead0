/** What differs between the documents of one application and those of another (RFC 4825 §5). */
import type { BareJid } from '../core/address.ts'
import type { Element } from '../xml/element.ts'

export interface ApplicationUsage {
  /** Application Unique ID (§5.1). */
  readonly auid: string
  readonly specs: readonly string[]
  readonly mimeType: string
  /** Of names without a prefix in node selectors (§5.3). */
  readonly defaultNs: string
  /** Those that it understands, for `xcap-caps` (§12). */
  readonly namespaces: readonly string[]
  /**
   * Whether a user may have a document of this name; any, where not given. Others are refused as
   * constraints that documents do not meet are.
   */
  allows?(name: string): boolean
  /** §5.4, §5.5: schema and constraints. Throws `Conflict`. Not given where nobody writes. */
  check?(candidate: Candidate): void | Promise<void>
  /** Values that no other document of the application may have. */
  claims?(root: Element): readonly Claim[]
  /** The document that shows what other parts of the server keep. */
  readonly shared?: SharedDocument
  /** A document that is made when somebody asks, in the global tree or in that of a user. */
  readonly made?: MadeDocument
  /** After a document of a user was stored, or removed (`undefined`). */
  stored?(account: BareJid, name: string, text: string | undefined): void | Promise<void>
}

/** A document as it would be. */
export interface Candidate {
  readonly account: BareJid
  readonly name: string
  readonly text: string
  readonly root: Element
}

export interface Claim {
  readonly value: string
  /** Where it stands, as a relative path. */
  readonly field: string
  /** Others that might be free. */
  readonly alternatives: readonly string[]
}

/** One document of each user that is a view of shared data: contacts, access rules. */
export interface SharedDocument {
  readonly name: string
  /**
   * The text now; `undefined` where there is nothing to show. The same data and the same kept text
   * give the same text. `kept` is what was put last.
   */
  show(account: BareJid, kept: string | undefined): Promise<string | undefined>
  /** Makes the shared data what the text says, `before` being what was shown. Throws `Conflict`. */
  apply(change: SharedChange): Promise<void>
  /** The document is gone, and with it what it shows. Throws `Conflict`. */
  clear(account: BareJid): Promise<void>
  /** Calls `changed` when the data of somebody changed, whoever changed them. */
  watch(changed: (account: BareJid) => void): Disposable
}

export interface SharedChange extends Candidate {
  readonly before: string | undefined
}

export interface MadeDocument {
  readonly tree: 'global' | 'users'
  readonly name: string
  /** `account` in the tree of users. */
  make(account: BareJid | undefined): string | Promise<string>
}

export function defineUsage(definition: ApplicationUsage): ApplicationUsage {
  return Object.freeze(definition)
}
