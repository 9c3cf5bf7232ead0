/** Takes REFERs: what they may ask for, and who is told of it. */
import type { Log } from '../../util/log.ts'
import type { People } from '../events/event-package.ts'
import type { Notifier } from '../events/notifier.ts'
import type { Identify, ResolveResource } from '../events/resources.ts'
import type { SipUserAgent } from '../user-agent.ts'
import { type Referable, ReferHandler } from './refer-handler.ts'
import { REFER_OPTIONS } from './refer-request.ts'
import type { Refers } from './refers.ts'

export interface ReferParts {
  readonly log: Log
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly directory: Pick<People, 'isLocal'>
  readonly userAgent: SipUserAgent
  readonly notifier: Notifier
  readonly refers: Refers
  readonly referable: Referable
}

export function startRefer({ userAgent, directory, log, ...parts }: ReferParts): void {
  const handler = new ReferHandler({
    ...parts,
    isLocal: (domain) => directory.isLocal(domain),
    failed: (err) => log.error({ what: 'sip_refer_failed', err }),
  })
  userAgent.handle('REFER', (tx) => handler.handle(tx))
  userAgent.contribute({ supported: REFER_OPTIONS })
}
