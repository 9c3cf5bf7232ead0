/** An event publication (RFC 3903 §4.1). */
export interface SipPublicationsTable {
  id: string
  presentity: string
  event: string
  etag: string
  content_type: string
  body: string
  expires_at: number
}

/** A subscription that this server notifies (RFC 6665 §4.2), with its dialog so that it survives a restart. */
export interface SipSubscriptionsTable {
  id: string
  presentity: string
  watcher: string
  event: string
  /** `active`, `pending` or `waiting` (RFC 3857 §4.7.1). */
  status: string
  /** JSON snapshot. */
  dialog: string
  created_at: number
  expires_at: number
}

/** A registered contact (RFC 3261 §10.3). */
export interface SipBindingsTable {
  id: string
  account: string
  contact: string
  /** +sip.instance (RFC 5626 §4.1). */
  instance: string | null
  reg_id: number | null
  call_id: string
  cseq: number
  /** 0…1 */
  q: number
  expires_at: number
  transport: string
  /** JSON array of Path URIs (RFC 3327). */
  path: string
  /** Where the REGISTER came from, `host:port`. */
  received: string | null
  user_agent: string | null
  since: number
  registered_at: number
  /** Of temporary GRUUs (RFC 5627 §5.1). */
  gruu_series: string | null
}
