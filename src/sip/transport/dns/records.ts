/** What is asked of the DNS, and what it says. */

/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  /** `.` where there is no such service. */
  readonly name: string
  readonly port: number
}

/** RFC 3403 §4.1; of SIP's the regular expression is always empty (RFC 3263 §4.1). */
export interface NaptrRecord {
  readonly order: number
  readonly preference: number
  /** `s`: the replacement has SRV records. */
  readonly flags: string
  /** `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`, … */
  readonly service: string
  readonly replacement: string
}

/** Each answers nothing, rather than reject, for a name that has no such records. */
export interface NameResolver {
  naptr(name: string): Promise<readonly NaptrRecord[]>
  srv(name: string): Promise<readonly SrvRecord[]>
  /** IPv4 and IPv6, in the order in which they are to be tried. */
  addresses(name: string): Promise<readonly string[]>
}

/** With how long it holds. */
export interface Answer<T> {
  readonly records: readonly T[]
  /** Milliseconds; `undefined` where the source does not say. */
  readonly ttlMs: number | undefined
}

/** As `NameResolver`, but asks anew each time. Rejects where nobody can be asked. */
export interface NameSource {
  naptr(name: string): Promise<Answer<NaptrRecord>>
  srv(name: string): Promise<Answer<SrvRecord>>
  addresses(name: string): Promise<Answer<string>>
}
