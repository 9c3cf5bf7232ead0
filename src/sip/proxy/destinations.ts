/** Named next hops, one of several chosen by whom a request is from or for. */
import { hash } from 'node:crypto'
import type { SipRequest } from '../message/message.ts'
import { parseSipUri, type SipUri, serializeUri } from '../message/uri.ts'
import { fromOf, toOf } from '../message/values.ts'

/** As configured. */
export interface Hop {
  readonly host: string
  /** 0: by DNS (RFC 3263). */
  readonly port: number
  readonly transport: 'any' | 'udp' | 'tcp' | 'tls'
}

export interface Destination extends Hop {
  readonly name: string
}

/** All requests of one user go to the same of them, and users spread evenly. Time and order play no part (§16.11). */
export function chooseBy<T>(choices: readonly T[], by: 'to' | 'from', request: SipRequest) {
  const address = by === 'to' ? toOf(request) : fromOf(request)
  const { user = '', host = '' } = parseSipUri(address?.uri ?? '') ?? {}
  const number = Number.parseInt(hash('sha256', `${user}@${host}`).slice(0, 8), 16)
  return choices[number % choices.length]
}

export function uriOfHop({ host, port, transport }: Hop): SipUri {
  return {
    scheme: 'sip',
    host,
    port: port === 0 ? undefined : port,
    params: new Map(transport === 'any' ? [] : [['transport', transport]]),
    headers: [],
  }
}

/** A Route value; the next proxy routes loosely, as every one has for two decades (§12.2.1.1). */
export function outboundRoute(uri: string | undefined): string | undefined {
  const parsed = uri === undefined ? undefined : parseSipUri(uri)
  if (!parsed) return undefined
  return `<${serializeUri({ ...parsed, params: new Map([...parsed.params, ['lr', '']]) })}>`
}
