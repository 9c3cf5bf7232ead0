/** Bindings in memory. */
import type { Sessions } from '../../../src/core/sessions.ts'
import { AwaitedReports } from '../../../src/sip/messaging/awaited-reports.ts'
import { MessageSender } from '../../../src/sip/messaging/outgoing.ts'
import type { BindingState } from '../../../src/sip/registrar/binding.ts'
import { Bindings } from '../../../src/sip/registrar/bindings.ts'
import type { BindingRecord } from '../../../src/storage/stores/sip-bindings.ts'
import type { Clock } from '../../../src/util/clock.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeUserAgent, MemoryStore } from '../events/support.ts'

export function bindingState(changes: Partial<BindingState> = {}): BindingState {
  return {
    contact: 'sip:alice@192.0.2.7',
    instance: undefined,
    regId: undefined,
    callId: 'call',
    cseq: 1,
    q: 0,
    expiresAt: 60_000,
    path: [],
    peer: undefined,
    userAgent: undefined,
    takesMessages: true,
    series: undefined,
    registeredAt: 0,
    ...changes,
  }
}

/** That no message reaches. */
export function bindingsOf(deps: { clock: Clock; sessions: Sessions }): Bindings {
  const { clock } = deps
  return new Bindings({
    ...deps,
    log: silentLog,
    store: new MemoryStore<BindingRecord>(),
    sender: new MessageSender({
      clock,
      userAgent: new FakeUserAgent(),
      directory: { primaryUri: async () => undefined },
      awaited: new AwaitedReports(),
      askForReports: 'all',
    }),
  })
}
