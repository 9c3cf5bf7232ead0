/** Where a user's devices are to be woken (XEP-0357). */
export interface PushServicesTable {
  account: string
  /** Of the push service. */
  jid: string
  /** Empty where the client named none. */
  node: string
  /** What is to be published with it: a form as XML. */
  options: string | null
  enabled_at: number
}
