/** A document of a user as he put it (RFC 4825); of those that show shared data, what only the text has. */
export interface XcapDocumentsTable {
  account: string
  auid: string
  name: string
  text: string
  /** What the text made of shared data: as long as that is so, the text says what is true. Empty where that is not asked. */
  mark: string
  updated_at: number
}

/** A value that one document of the whole system may have, such as the URI of an RLS service. */
export interface XcapClaimsTable {
  auid: string
  value: string
  account: string
  name: string
}
