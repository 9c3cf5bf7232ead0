/** What administrators have the server tell its users (XEP-0133). */
export interface NoticesTable {
  domain: string
  /** `motd` or `welcome`. */
  kind: string
  id: string
  text: string
}

/** The last message of the day that a user got. */
export interface NoticesSeenTable {
  account: string
  id: string
}
