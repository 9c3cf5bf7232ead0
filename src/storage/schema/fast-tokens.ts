/** What clients were given to sign in with (XEP-0484), without what makes a token of it. */
export interface FastTokensTable {
  account: string
  /** A hash of the user agent's id. */
  client: string
  /** `current` or `new`. */
  slot: string
  seed: string
  /** The only one that takes it, such as `HT-SHA-256-EXPR`. */
  mechanism: string
  issued_at: number
  expires_at: number
  /** To the day. */
  used_at: number
  /** The last that the client gave with it; −1 before any. */
  count: number
  /** As the client calls itself. */
  software: string | null
  device: string | null
}
