/** A document of a user as he put it (RFC 4825); of those that show shared data, what only the text has. */
export interface XcapDocumentsTable {
  account: string
  auid: string
  name: string
  text: string
  updated_at: number
}

/** A value that one document of the whole system may have, such as the URI of an RLS service. */
export interface XcapClaimsTable {
  auid: string
  value: string
  account: string
  name: string
}
