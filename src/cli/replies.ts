/** Shapes of the API’s answers that commands print. The server validates what it sends. */
export interface UserReply {
  readonly account: string
  readonly name: string
  readonly disabled: boolean
  readonly createdAt: string
  readonly addresses: readonly { readonly type: string; readonly value: string }[]
}

export interface DevicesReply {
  readonly devices: readonly {
    readonly id: string
    readonly software?: string
    readonly model?: string
    readonly usedAt: string
    readonly until: string
  }[]
}

export interface FileReply {
  readonly id: string
  readonly name: string
  readonly type: string
  readonly size: number
  readonly purpose: string
  readonly createdAt: string
  readonly expiresAt?: string
  readonly url: string
}

export interface DomainReply {
  readonly name: string
  readonly digestMd5: boolean
  readonly sipDigest: string
  readonly composition: string
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
  readonly modalities: Readonly<
    Record<string, { readonly reachable: boolean; readonly contact?: string }>
  >
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
  /** The first hundred. */
  readonly watchers: readonly WatcherReply[]
  readonly watchersTotal: number
}

/** Why a class of sources is seen, or not. */
export interface ReasonReply {
  readonly class: string
  readonly action: string
  readonly because: string
  readonly rule?: RuleReply
}

export interface WatchReply {
  readonly presentity: string
  readonly watcher: string
  readonly protocol: string
  readonly status: string
  readonly subscriptions: number
  readonly roster: boolean
}

export interface WatcherReply extends WatchReply {
  readonly decision: string
  readonly visible: string
  readonly hidden: readonly ReasonReply[]
}

export interface WatchesReply {
  readonly address: string
  readonly watches: readonly WatchReply[]
}

/** A person as one watcher sees him. */
export interface ViewReply {
  readonly presentity: string
  readonly watcher: string
  readonly decision: string
  readonly visible: string
  readonly classes: readonly string[]
  readonly asks: boolean
  readonly presence: PresenceReply
  readonly reasons: readonly ReasonReply[]
}

export interface RuleReply {
  readonly presentity: string
  readonly watcher: string
  readonly level: string
  readonly action: string
  readonly enforced: boolean
  readonly refusesMessages: boolean
  readonly kind: string
  readonly updatedAt: string
}

export interface RulesReply {
  readonly rules: readonly RuleReply[]
  readonly total: number
}

export interface RulePutReply {
  readonly outcome: 'created' | 'changed' | 'same'
  readonly rule: RuleReply
}

export interface DeletedReply {
  readonly deleted: number
}

export interface LevelReply {
  readonly name: string
  readonly classes: readonly string[]
  readonly inverted: boolean
  readonly predefined: boolean
}

export interface WatchRequestsReply {
  readonly presentity: string
  readonly requests: readonly { readonly watcher: string }[]
}

export interface ContactReply {
  readonly contact: string
  readonly name: string
  readonly groups: readonly string[]
  readonly matched: boolean
  readonly external: boolean
  readonly presence: 'subscribed' | 'pending' | 'none'
  readonly subscription: string
  readonly waitsFor?: string
}

export interface ContactsReply {
  readonly account: string
  readonly contacts: readonly ContactReply[]
  readonly total: number
}

export interface ContactPutReply {
  readonly outcome: 'created' | 'changed' | 'same'
  readonly contact: ContactReply
}

export interface PortableReply {
  readonly added: number
  readonly updated: number
  readonly unchanged: number
  readonly failed: number
  readonly problems: readonly {
    readonly account: string
    readonly code: string
    readonly reason: string
  }[]
  readonly problemsTotal: number
  readonly skipped: readonly { readonly section: string; readonly count: number }[]
}
