export interface MulticastConfig {
  readonly enabled: boolean
  /** What stands before a domain in the address of its service. */
  readonly name: string
  readonly maxAddresses: number
  readonly senders: 'users' | 'admins'
}
