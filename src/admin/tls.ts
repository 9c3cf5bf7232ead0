import type { SecureContext } from 'node:tls'

/** What the certificates room gives to every TLS listener. */
export interface TlsOptions {
  readonly key: string | Buffer
  readonly cert: string | Buffer
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly SNICallback?: (
    name: string,
    done: (error: Error | null, context?: SecureContext) => void,
  ) => void
}
