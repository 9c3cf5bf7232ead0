import type { Callers } from '../../net/callers.ts'
import type { Origins } from '../../net/origins.ts'
import type { ClientStreams } from '../c2s/client-streams.ts'
import type { HttpConfig } from './http-config.ts'

/** What all transports over HTTP are made with. */
export interface HttpDeps {
  readonly streams: ClientStreams
  readonly callers: Callers
  readonly origins: Origins
  readonly config: HttpConfig
}
