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
  /** Every user may read what others have. */
  readonly isReadByAll?: boolean
  /** Values that no other document of the application may have. */
  claims?(candidate: Candidate): readonly Claim[]
  /** The document that shows what other parts of the server keep. */
  readonly shared?: SharedDocument
  /** A document that is made when somebody asks, in the global tree or in that of a user. */
  readonly made?: MadeDocument
  /** After a document was stored, or removed (`undefined`), and at the start for each. */
  stored?(document: StoredDocument): void
}

/** A document as it would be. */
export interface Candidate {
  readonly account: BareJid
  readonly name: string
  readonly text: string
  readonly root: Element
}

export interface StoredDocument {
  readonly account: BareJid
  readonly name: string
  readonly text: string | undefined
  /** Milliseconds since the epoch. */
  readonly updatedAt: number
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
   * give the same text. Throws `Conflict` where no document can say what there is.
   */
  show(account: BareJid, kept: KeptText | undefined): Promise<string | undefined>
  /** Makes the shared data what the text says; answers the mark to keep. Throws `Conflict`. */
  apply(candidate: Candidate): Promise<string>
  /** The document is gone, and with it what it shows. Throws `Conflict`. */
  clear(account: BareJid): Promise<void>
  /** Calls `changed` when the data of somebody changed, whoever changed them. */
  watch(changed: (account: BareJid) => void): Disposable
}

/** What was put last, with what it made of shared data. */
export interface KeptText {
  readonly text: string
  readonly mark: string
}

export interface MadeDocument {
  readonly tree: 'global' | 'users'
  readonly name: string
  /** Not for users. */
  readonly isPrivate?: boolean
  /** `account` in the tree of users. */
  make(account: BareJid | undefined): string | Promise<string>
}

export function defineUsage(definition: ApplicationUsage): ApplicationUsage {
  return Object.freeze(definition)
}
