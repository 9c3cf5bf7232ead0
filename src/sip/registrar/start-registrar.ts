/** Opens the registrar: its bindings are taken up, then REGISTER is handled. */
import { sipBindings } from '../../storage/stores/sip-bindings.ts'
import type { EventDeps, ExpiresBounds } from '../events/event-package.ts'
import type { Identify, ResolveResource } from '../events/resources.ts'
import type { MessageSender } from '../messaging/outgoing.ts'
import type { SipConfig, SipDeps, Stack } from '../services.ts'
import { Bindings } from './bindings.ts'
import { Gruus } from './gruu.ts'
import { Registrar } from './registrar.ts'
import type { RegistrationPresence } from './registration-presence.ts'

export interface RegistrarParts {
  readonly secret: Buffer
  readonly identify: Identify
  readonly resolve: ResolveResource
  readonly registrations: RegistrationPresence
  readonly events: Pick<EventDeps, 'registrations'>
  readonly sender: MessageSender
  readonly expires: ExpiresBounds
}

export interface Registrations {
  readonly bindings: Bindings
  readonly gruus: Gruus
}

export async function startRegistrar(
  { sip }: SipConfig,
  deps: SipDeps,
  { userAgent, transports, starting }: Stack,
  parts: RegistrarParts,
): Promise<Registrations> {
  const bindings = new Bindings({
    ...deps,
    store: sipBindings(deps.database),
    sender: parts.sender,
  })
  bindings.onChange((binding) => {
    parts.registrations.changed(binding)
    if (!binding.isBound || binding.priority === undefined) return
    deps.messaging.drainOffline(binding).catch((err: unknown) => {
      deps.log.warn({ what: 'sip_offline_messages_not_drained', account: binding.account, err })
    })
  })
  starting.defer(() => bindings.stop())
  starting.use(transports.onFlowClosed((flow) => bindings.flowClosed(flow)))
  const gruus = new Gruus({ secret: parts.secret, bindings })
  starting.use(parts.events.registrations.states.follow(bindings, gruus))
  if (sip.registrar) {
    await bindings.restore()
    const maxPerUser = sip.maxBindingsPerUser
    const registrar = new Registrar({ ...deps, ...parts, bindings, gruus, maxPerUser })
    userAgent.handle('REGISTER', (tx) => registrar.handle(tx))
    userAgent.contribute({ supported: ['path', 'outbound', 'gruu'] })
  }
  return { bindings, gruus }
}
