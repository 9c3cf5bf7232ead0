/** XEP-0030: Service Discovery of a domain and of an account; what an account shows follows its roster. */
import type { BareJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { itemNotFound, serviceUnavailable } from '../errors.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext, type ServerIdentity } from '../module.ts'
import { NS_DISCO_INFO, NS_DISCO_ITEMS } from '../namespaces.ts'
import { serverInfo } from '../server-info.ts'
import { capsNode } from './caps.ts'
import { hashNodes } from './caps2.ts'

export const disco = defineModule({
  name: 'disco',
  specs: [
    { xep: 30, version: '2.5.0', status: 'complete' },
    { xep: 128, version: '1.0.1', status: 'complete' },
  ],
  features: [NS_DISCO_INFO, NS_DISCO_ITEMS],
  accountFeatures: [NS_DISCO_INFO, NS_DISCO_ITEMS],

  setup(context) {
    const { iq, server, nodes, services } = context
    iq.server.get(NS_DISCO_INFO, 'query', (request) => {
      const node = request.payload.attr('node')
      const known = nodes.find('server', node)
      if (known?.info) return answer(request, known.info(request))
      requireOurNode(server, node)
      return serverInfo(server, node)
    })
    iq.server.get(NS_DISCO_ITEMS, 'query', (request) => {
      const known = nodes.find('server', request.payload.attr('node'))
      if (known?.items) return answer(request, known.items(request))
      requireNoNode(request.payload)
      return xml('query', { xmlns: NS_DISCO_ITEMS }, ...services.itemsFor(request.to))
    })
    iq.account.get(NS_DISCO_INFO, 'query', async (request) => {
      const known = nodes.find('account', request.payload.attr('node'))
      if (known?.info) return answer(request, known.info(request))
      await requireTrust(context, request)
      return accountInfo(server)
    })
    iq.account.get(NS_DISCO_ITEMS, 'query', async (request) => {
      const known = nodes.find('account', request.payload.attr('node'))
      if (known?.items) return answer(request, known.items(request))
      await requireTrust(context, request)
      return resources(context, request.to)
    })
  },
})

async function answer(
  { payload }: IqRequest,
  children: readonly Element[] | Promise<readonly Element[]>,
): Promise<Element> {
  return xml('query', { xmlns: payload.ns, node: payload.attr('node') }, ...(await children))
}

/** The nodes that our own capabilities name (XEP-0115 §6.2, XEP-0390 §3.3). */
function requireOurNode(server: ServerIdentity, node: string | undefined): void {
  if (node === undefined || node === capsNode(server) || hashNodes(server).includes(node)) return
  throw itemNotFound()
}

function accountInfo(server: ServerIdentity): Element {
  return xml(
    'query',
    { xmlns: NS_DISCO_INFO },
    xml('identity', { category: 'account', type: 'registered' }),
    ...featureElements(server.features('account')),
  )
}

function featureElements(features: readonly string[]): Element[] {
  return features.map((feature) => xml('feature', { var: feature }))
}

/** XEP-0030 §8: the resources of an account are presence. */
function resources({ sessions }: ModuleContext, account: BareJid): Element {
  const items = sessions.available(account).map(({ jid }) => xml('item', { jid: jid.full }))
  return xml('query', { xmlns: NS_DISCO_ITEMS }, ...items)
}

/** The account's own clients and those who may see them; others learn not even that it exists. */
async function requireTrust(
  { sight }: ModuleContext,
  { from, to, payload }: IqRequest,
): Promise<void> {
  if (!(await sight.ofClients(to, from.bare))) throw serviceUnavailable()
  requireNoNode(payload)
}

function requireNoNode(payload: Element): void {
  if (payload.attr('node') !== undefined) throw itemNotFound()
}
