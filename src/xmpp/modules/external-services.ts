/**
 * XEP-0215: External Service Discovery: STUN and TURN servers, say. Where the service shares a secret with us, each
 * user gets credentials that last for a while, as draft-uberti-behave-turn-rest-00 §2.2 has them.
 */
import { createHmac } from 'node:crypto'
import type { BareJid } from '../../core/address.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, forbidden, itemNotFound } from '../errors.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule, type ModuleContext } from '../module.ts'

const NS_SERVICES = 'urn:xmpp:extdisco:2'

export interface ExternalService {
  readonly type: string
  readonly host: string
  /** 0 is the usual one. */
  readonly port: number
  readonly transport: 'udp' | 'tcp'
  readonly name: string | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** That the service knows, too. */
  readonly secret: string | undefined
  /** Of credentials that are made with it, milliseconds. */
  readonly ttl: number
}

/** RFC 5389 §9, RFC 5766 §6.1. */
const USUAL_PORTS: Readonly<Record<string, number>> = {
  stun: 3478,
  turn: 3478,
  stuns: 5349,
  turns: 5349,
}

export const externalServices = defineModule({
  name: 'external-services',
  specs: [{ xep: 215, version: '1.0.0', status: 'partial' }], // no news of services are pushed (§3.3)
  features: [NS_SERVICES],
  enabled: ({ externalServices }) => externalServices.length > 0,

  setup(context) {
    const { iq, config } = context
    iq.server.get(NS_SERVICES, 'services', (request) => {
      requireOwn(context, request)
      const type = request.payload.attr('type')
      const services = config.externalServices.filter(
        (service) => type === undefined || service.type === type,
      )
      return answer(context, request, services)
    })
    iq.server.get(NS_SERVICES, 'credentials', (request) => {
      requireOwn(context, request)
      return answer(context, request, wanted(config.externalServices, request.payload))
    })
  },
})

/** Relaying costs: it is for people of this system. */
function requireOwn({ directory }: ModuleContext, { from }: IqRequest): void {
  if (!directory.isLocal(from.domain)) throw forbidden()
}

/** §3.4. */
function wanted(services: readonly ExternalService[], payload: Element): ExternalService[] {
  const service = payload.child('service', NS_SERVICES)
  const [host, type, port] = ['host', 'type', 'port'].map((name) => service?.attr(name))
  if (host === undefined || type === undefined) throw badRequest('of which host and type?')
  const found = services.filter(
    (one) =>
      isRestricted(one) &&
      one.host === host.toLowerCase() &&
      one.type === type &&
      (port === undefined || String(portOf(one)) === port),
  )
  if (found.length === 0) throw itemNotFound()
  return found
}

function answer(
  { clock }: ModuleContext,
  { payload, from }: IqRequest,
  services: readonly ExternalService[],
): Element {
  const now = clock.now()
  const { name, ns } = payload
  return xml(
    name,
    { xmlns: ns, type: payload.attr('type') },
    ...services.map((service) => serviceElement(service, from.bare, now)),
  )
}

function serviceElement(service: ExternalService, account: BareJid, now: number): Element {
  const { type, host, transport, name } = service
  const port = portOf(service)
  return xml('service', {
    ...{ type, host, transport, name },
    port: port === 0 ? undefined : String(port),
    restricted: isRestricted(service) ? 'true' : undefined,
    ...credentials(service, account, now),
  })
}

function portOf({ type, port }: ExternalService): number {
  return port === 0 ? (USUAL_PORTS[type] ?? 0) : port
}

function isRestricted({ secret, password }: ExternalService): boolean {
  return secret !== undefined || password !== undefined
}

function credentials(
  { username, password, secret, ttl }: ExternalService,
  account: BareJid,
  now: number,
): Record<string, string | undefined> {
  if (secret === undefined) return { username, password }
  const expiry = Math.floor((now + ttl) / 1000)
  const temporary = `${expiry}:${username ?? account}`
  return {
    username: temporary,
    password: createHmac('sha1', secret).update(temporary).digest('base64'),
    expires: new Date(expiry * 1000).toISOString(),
  }
}
