import { PresenceService } from '../../../src/core/presence/presence.ts'
import { Sessions } from '../../../src/core/sessions.ts'
import { AwaitedReports } from '../../../src/sip/messaging/awaited-reports.ts'
import { MessageSender } from '../../../src/sip/messaging/outgoing.ts'
import { Bindings } from '../../../src/sip/registrar/bindings.ts'
import { Gruus } from '../../../src/sip/registrar/gruu.ts'
import { Registrar } from '../../../src/sip/registrar/registrar.ts'
import { RegistrationPresence } from '../../../src/sip/registrar/registration-presence.ts'
import type { Peer } from '../../../src/sip/transport/transport.ts'
import type { BindingRecord } from '../../../src/storage/stores/sip-bindings.ts'
import { silentLog } from '../../../src/util/log.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  BOB,
  exchange,
  FakeUserAgent,
  identifyByFrom,
  MemoryStore,
  resolveByUri,
  sipRequest,
} from '../events/support.ts'

export const PHONE = '<sip:bob@192.0.2.10:5060>'

export interface Setup {
  store?: MemoryStore<BindingRecord>
  clock?: FakeClock
  maxPerUser?: number
}

/** A registrar of example.com with nothing registered. */
export function setUp({
  store = new MemoryStore(),
  clock = new FakeClock(),
  maxPerUser = 3,
}: Setup = {}) {
  const presence = new PresenceService({ clock })
  const registrations = new RegistrationPresence({ presence, log: silentLog })
  const sessions = new Sessions()
  const userAgent = new FakeUserAgent()
  const bindings = new Bindings({
    clock,
    log: silentLog,
    sessions,
    store,
    sender: new MessageSender({
      clock,
      userAgent,
      directory: { primaryUri: async () => undefined },
      awaited: new AwaitedReports(),
      askForReports: 'all',
    }),
  })
  const events: string[] = []
  bindings.onChange((binding) => {
    registrations.changed(binding)
    events.push(binding.event)
  })
  const gruus = new Gruus({ secret: Buffer.alloc(32), bindings })
  const registrar = new Registrar({
    clock,
    log: silentLog,
    identify: identifyByFrom,
    resolve: resolveByUri,
    bindings,
    gruus,
    expires: { min: 60, default: 3600, max: 7200 },
    maxPerUser,
  })
  let cseq = 0
  const register = (contacts: string[], more: Register = {}) => {
    cseq += 1
    const request = sipRequest('REGISTER', {
      uri: more.uri ?? 'sip:example.com',
      to: more.to ?? '<sip:bob@example.com>',
      callId: more.callId ?? 'reg',
      cseq: more.cseq ?? cseq,
      headers: more.headers ?? [],
    })
    request.headers.remove('Contact')
    for (const via of more.vias ?? []) request.headers.append('Via', via)
    for (const contact of contacts) request.headers.append('Contact', contact)
    return exchange(registrar, request, more.source)
  }
  const state = () => presence.document(BOB).person.state
  return {
    clock,
    store,
    events,
    presence,
    registrations,
    sessions,
    userAgent,
    bindings,
    gruus,
    register,
    state,
  }
}

export interface Register {
  uri?: string
  to?: string
  /** Below the client's own. */
  vias?: string[]
  callId?: string
  cseq?: number
  headers?: [string, string][]
  source?: Peer
}
