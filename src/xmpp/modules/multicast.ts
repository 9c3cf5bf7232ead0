/**
 * XEP-0033: Extended Stanza Addressing, by every domain and at an address beside it. What a client puts into a stanza
 * for one recipient goes on as it came.
 */
import { type Jid, parseJid } from '../../core/address.ts'
import { defineModule, type ModuleContext } from '../module.ts'
import { NS_ADDRESS } from '../multicast/addresses.ts'
import { Multicast } from '../multicast/multicast.ts'
import { Pace } from '../multicast/pace.ts'

export const multicast = defineModule({
  name: 'multicast',
  specs: [{ xep: 33, version: '1.2.1', status: 'partial' }], // no single copy for several recipients at another server
  features: [NS_ADDRESS],
  enabled: ({ multicast: config }) => config?.enabled === true,

  setup(context) {
    const { services, config, directory, clock, log } = context
    if (!config.multicast) return undefined
    const { name, maxAddresses } = config.multicast
    const service = services.add({
      label: name,
      name: 'Messages to Many',
      identity: { category: 'service', type: 'multicast' },
      features: [NS_ADDRESS],
      serves: (domain) => directory.isLocal(domain) && !isComponent(context, `${name}.${domain}`),
    })
    const many = new Multicast({
      log,
      maxAddresses,
      pace: new Pace(config, clock),
      maySend: (from) => maySend(context, from),
      isHost: (domain) => directory.isLocal(domain) || services.find(domain) !== undefined,
    })
    for (const stanzas of [service.stanzas, services.domainStanzas]) {
      stanzas.add(NS_ADDRESS, 'addresses', (...sent) => many.take(...sent))
      stanzas.onUnavailable((...sent) => many.goodbye(...sent))
    }
    return undefined
  },
})

/** §2.2. */
function maySend(context: ModuleContext, from: Jid): boolean {
  const { config, directory } = context
  if (!directory.isLocal(from.domain)) return isComponent(context, from.domain)
  return config.multicast?.senders === 'users' || config.admins.includes(from.bare)
}

function isComponent({ config }: ModuleContext, domain: string): boolean {
  return config.components?.some(({ host }) => parseJid(host)?.domain === domain) ?? false
}
