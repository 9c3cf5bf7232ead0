/** RFC 5802 §3: what a server keeps instead of a password, one row a mechanism. */
export interface CredentialsTable {
  account: string
  /** `SCRAM-SHA-1`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. */
  mechanism: string
  /** Base64, as are the keys. */
  salt: string
  iterations: number
  stored_key: string
  server_key: string
}

/** H(user:realm:password) in lower-case hex, only for domains whose operator turned a digest scheme on. */
export interface DigestHashesTable {
  account: string
  /** `sip` and `sip-address` (RFC 7616, 8760), by the form of the user name, or `xmpp` and `xmpp:REALM` (RFC 2831). */
  kind: string
  /** `MD5` or `SHA-256`. */
  algorithm: string
  hash: string
}
