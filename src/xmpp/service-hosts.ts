/**
 * Services within this process that have addresses of their own, beside those of domains: `upload.corp.example`, say.
 * Each answers `iq` and service discovery (XEP-0030), and may take messages and presence.
 */
import type { Jid } from '../core/address.ts'
import { type Element, xml } from '../xml/element.ts'
import { itemNotFound, serviceUnavailable } from './errors.ts'
import { type HostStanzaHandler, HostStanzas } from './host-stanzas.ts'
import { type IqRequest, IqScope } from './iq/iq-handlers.ts'
import { NS_DISCO_INFO, NS_DISCO_ITEMS } from './namespaces.ts'

export interface ServiceHostOptions {
  /** What stands before a domain. */
  readonly label: string
  /** For people (XEP-0030 §3.1). */
  readonly name: string
  /** Of the registry of XEP-0030. */
  readonly identity: { readonly category: string; readonly type: string }
  readonly features: readonly string[]
  /** Whether there is one for this domain. */
  serves(domain: string): boolean
  /** What `disco#info` says besides (XEP-0128). */
  forms?(): readonly Element[]
}

export class ServiceHost {
  /** What it answers; discovery is here already. */
  readonly iq = new IqScope()
  readonly stanzas = new HostStanzas()
  readonly #options: ServiceHostOptions

  constructor(options: ServiceHostOptions) {
    this.#options = options
    this.iq.get(NS_DISCO_INFO, 'query', (request) => this.#info(request))
    this.iq.get(NS_DISCO_ITEMS, 'query', ({ payload }) => {
      requireNoNode(payload)
      return xml('query', { xmlns: NS_DISCO_ITEMS })
    })
  }

  serves(host: string): boolean {
    const { label, serves } = this.#options
    return host.startsWith(`${label}.`) && serves(host.slice(label.length + 1))
  }

  /** As `disco#items` of the domain lists it. */
  itemFor(domain: string): Element | undefined {
    const { label, name, serves } = this.#options
    return serves(domain) ? xml('item', { jid: `${label}.${domain}`, name }) : undefined
  }

  #info({ payload }: IqRequest): Element {
    requireNoNode(payload)
    const { name, identity, features, forms } = this.#options
    const all = [NS_DISCO_INFO, NS_DISCO_ITEMS, ...features].sort()
    return xml(
      'query',
      { xmlns: NS_DISCO_INFO },
      xml('identity', { ...identity, name }),
      ...all.map((feature) => xml('feature', { var: feature })),
      ...(forms?.() ?? []),
    )
  }
}

function requireNoNode(payload: Element): void {
  if (payload.attr('node') !== undefined) throw itemNotFound()
}

export class ServiceHosts {
  /** What each domain itself takes. */
  readonly domainStanzas = new HostStanzas()
  readonly #hosts: ServiceHost[] = []

  add(options: ServiceHostOptions): ServiceHost {
    const host = new ServiceHost(options)
    this.#hosts.push(host)
    return host
  }

  /** `host` is prepared, as in a parsed JID, and none of our domains. */
  find(host: string): ServiceHost | undefined {
    return this.#hosts.find((service) => service.serves(host))
  }

  /** Who takes a message or presence that is for a host itself. Throws `StanzaError` where it is for a service that takes none. */
  taker(
    directory: { isLocal(domain: string): boolean },
    { local, domain, resource }: Jid,
    stanza: Element,
  ): HostStanzaHandler | undefined {
    if (local !== '') return undefined
    const isDomain = directory.isLocal(domain)
    const service = isDomain ? undefined : this.find(domain)
    const stanzas = isDomain ? this.domainStanzas : service?.stanzas
    const taker = resource === '' ? stanzas?.find(stanza) : undefined
    // Who says that he is gone asks for nothing.
    if (!taker && service && stanza.attr('type') !== 'unavailable') throw serviceUnavailable()
    return taker
  }

  /** Those of a domain, for its `disco#items`. */
  itemsFor(domain: string): Element[] {
    return this.#hosts.flatMap((service) => service.itemFor(domain) ?? [])
  }
}
