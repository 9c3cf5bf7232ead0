/** Where a request goes by the operator's rules: the first whose every field fits. */
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri } from '../message/uri.ts'
import { fromOf, parseEvent, toOf } from '../message/values.ts'
import { matchesGlob } from './glob.ts'

/** As configured. A field that is empty fits everything; in others, one of its patterns must fit. */
export interface RouteRule {
  readonly name: string | undefined
  readonly methods: readonly string[]
  readonly fromHosts: readonly string[]
  readonly fromUsers: readonly string[]
  readonly toHosts: readonly string[]
  readonly toUsers: readonly string[]
  readonly uris: readonly string[]
  readonly events: readonly string[]
  readonly action: 'local' | 'location' | 'route' | 'destination' | 'reject'
  readonly destinations: readonly string[]
  readonly selectBy: 'to' | 'from'
  readonly status: number
  readonly allow: 'trusted' | 'users' | 'anyone'
  readonly recordRoute: 'default' | 'on' | 'off'
}

export class Rules {
  readonly #rules: readonly RouteRule[]

  constructor(rules: readonly RouteRule[]) {
    this.#rules = rules
  }

  get size(): number {
    return this.#rules.length
  }

  /** `uri` is the request-URI after route processing (§16.4). */
  find(request: SipRequest, uri: string): RouteRule | undefined {
    if (this.#rules.length === 0) return undefined
    const method = matchingMethod(request)
    const [from, to] = [addressOf(fromOf(request)?.uri), addressOf(toOf(request)?.uri)]
    const event = parseEvent(request.headers.get('Event') ?? '')?.package
    return this.#rules.find(
      (rule) =>
        fits(rule.methods, method) &&
        fits(rule.fromHosts, from?.host) &&
        fits(rule.fromUsers, from?.user) &&
        fits(rule.toHosts, to?.host) &&
        fits(rule.toUsers, to?.user) &&
        fits(rule.uris, uri) &&
        fits(rule.events, event),
    )
  }
}

/** What belongs to an INVITE goes where that went (§16.11). */
function matchingMethod({ method }: SipRequest): string {
  return method === 'ACK' || method === 'CANCEL' ? 'INVITE' : method
}

function addressOf(uri: string | undefined): SipUri | undefined {
  return uri === undefined ? undefined : parseSipUri(uri)
}

function fits(patterns: readonly string[], text: string | undefined): boolean {
  if (patterns.length === 0) return true
  return text !== undefined && patterns.some((pattern) => matchesGlob(pattern, text))
}
