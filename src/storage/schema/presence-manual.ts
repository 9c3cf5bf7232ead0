/** A presence state that a person set by hand and that outlives his clients and this process. */
export interface PresenceManualTable {
  account: string
  state: string
  note: string | null
  since: number
  /** `null` until he changes it. */
  until: number | null
  /** `never` or `sign-in`: what ends it before that. */
  clear: string
}
