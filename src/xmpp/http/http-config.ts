/** What XMPP over HTTP needs to know. Times in milliseconds; paths begin with a slash, and where there are none, nothing is served. */
export interface HttpConfig {
  /** Where clients reach the server's HTTP listener, where that is not the domain and the port of the listener. */
  readonly publicUrl: string | undefined
  /** Addresses and networks of proxies that say whom they speak for. */
  readonly trustedProxies: readonly string[]
  /** Of web pages whose scripts may connect; `*` for all. */
  readonly allowedOrigins: readonly string[]
  readonly websocketPaths: readonly string[]
  /** How often a WebSocket is asked for a sign of life; 0 for never. */
  readonly websocketPing: number
  /** Offers mechanisms that bind to the channel. */
  readonly websocketChannelBinding: boolean
  readonly boshPaths: readonly string[]
  /** How long a request may wait for its answer, at most. */
  readonly boshWait: number
  /** How long a client may be without a request. */
  readonly boshInactivity: number
  /** How long, where it said so before. */
  readonly boshMaxPause: number
  /** No empty request comes sooner after another. */
  readonly boshPolling: number
  /** Requests of a client at a time. */
  readonly boshRequests: number
  readonly pollingPaths: readonly string[]
  /** How long a client of XEP-0025 may be without a request. */
  readonly pollingInactivity: number
}
