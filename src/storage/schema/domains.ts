/** The domains this system serves. */
import type { Flag } from './columns.ts'

export interface DomainsTable {
  name: string
  /** XMPP DIGEST-MD5 hashes are kept for passwords set while this is on. */
  digest_md5: Flag
  /** `off`, `md5`, `sha-256` or `both`: the SIP digest hashes that are kept. */
  sip_digest: string
  /** `enterprise` or `microsoft`: the table by which its people's states are composed. */
  composition: string
  created_at: number
}
