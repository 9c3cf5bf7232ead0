/** Shapes of the API’s answers that commands print. The server validates what it sends. */
export interface UserReply {
  readonly account: string
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
  readonly addresses: readonly { readonly type: string; readonly value: string }[]
}

export interface DomainReply {
  readonly name: string
  readonly digestMd5: boolean
  readonly sipDigest: string
}

export interface StatusReply {
  readonly version: string
  readonly startedAt: string
  readonly sessions: number
  readonly accountsOnline: number
  readonly users: number
  readonly domains: readonly string[]
  readonly residentBytes: number
  readonly listeners: readonly { name: string; address: string; port: number; detail: string }[]
}

export interface ImportReply {
  readonly added: number
  readonly updated: number
  readonly failedTotal: number
  /** The first thousand. */
  readonly failed: readonly {
    readonly line: number
    readonly code: string
    readonly reason: string
  }[]
}

export interface PresenceReply {
  readonly presentity: string
  readonly state: string
  readonly note?: string
  readonly since: string
  readonly manual: boolean
  readonly tuples: readonly {
    id: string
    class: string
    basic: string
    state: string
    contact?: string
  }[]
}

export interface ExplainReply {
  readonly presence: PresenceReply
  readonly rule: string
  readonly ruleText: string
  readonly winner?: { readonly source: string; readonly observation: string }
  readonly reports: readonly {
    readonly source: string
    readonly until?: string
    readonly observations: readonly {
      id: string
      class: string
      state: string
      manual: boolean
      since: string
    }[]
  }[]
}
