/** What no option can check alone. */
import { resolve } from 'node:path'
import { OperatorError } from '../util/operator-error.ts'
import type { Config } from './schema.ts'
import { formatAddress, type ListenAddress } from './values.ts'

const SQLITE = 'sqlite:'

/** The database's URL with an absolute path, where it is a file. */
export function databaseIn(data: string, url: string): string {
  if (!url.startsWith(SQLITE)) return url
  const path = url.slice(SQLITE.length)
  return path === ':memory:' ? url : SQLITE + resolve(data, path)
}

/** Throws `CFG_BAD_VALUE`. */
export function checkTogether({ listen, listeners, tls, xmpp, sip }: Config): void {
  if ((tls.certificate === undefined) !== (tls.key === undefined)) {
    throw bad('tls.certificate and tls.key belong together: give both or none')
  }
  checkListeners({ listen, listeners })
  checkCertificates({ listeners, xmpp })
  checkDestinations(sip.proxy)
  for (const [name, { minExpires, expires, maxExpires }] of Object.entries({
    'sip.subscribe': sip.subscribe,
    'sip.publish': sip.publish,
    'sip.register': sip.register,
  })) {
    if (minExpires > expires || expires > maxExpires) {
      throw bad(`${name}: expected minExpires ≤ expires ≤ maxExpires`)
    }
  }
}

function checkListeners({ listen, listeners }: Pick<Config, 'listen' | 'listeners'>): void {
  const { sipUdp: _, ...tcp } = listen
  const names = new Set(Object.keys(listen))
  for (const { name = '', kind, certificate, key } of listeners) {
    if ((certificate === undefined) !== (key === undefined)) {
      throw bad(`listeners: ${name}: certificate and key belong together: give both or none`)
    }
    if (certificate !== undefined && kind === 'http') {
      throw bad(`listeners: ${name}: certificate: http shows none`)
    }
    if (names.has(name)) throw bad(`listeners: two are called ${name}`)
    if (!/^[A-Za-z][\w-]*$/.test(name))
      throw bad(`listeners: ${name} is no name: letters and digits`)
    names.add(name)
  }
  const taken = new Map<string, string>()
  const all = [
    ...Object.entries<ListenAddress | undefined>(tcp).map(([name, at]) => [`listen.${name}`, at]),
    ...listeners.map(({ name, address }) => [`listeners: ${name}`, address]),
  ] as [string, ListenAddress | undefined][]
  for (const [name, address] of all) {
    if (!address || address.port === 0) continue
    const key = formatAddress(address)
    const other = taken.get(key)
    if (other) throw bad(`${name} and ${other} are both ${key}`)
    taken.set(key, name)
  }
}

function checkCertificates({ listeners, xmpp }: Pick<Config, 'listeners' | 'xmpp'>): void {
  const asks = [xmpp, ...listeners].some(({ clientCertificates: how }) => how !== 'off')
  if (asks && xmpp.clientCa === undefined) {
    throw bad('xmpp.clientCa: needed where clients are asked for certificates')
  }
}

function checkDestinations({ rules, destinations }: Config['sip']['proxy']): void {
  const names = new Set(destinations.map(({ name }) => name))
  if (names.size < destinations.length) {
    throw bad('sip.proxy.destinations: two of them have the same name')
  }
  for (const [at, rule] of rules.entries()) {
    if (rule.action !== 'destination') continue
    const where = `sip.proxy.rules: ${rule.name ?? `the ${at + 1}. rule`}`
    if (rule.destinations.length === 0) throw bad(`${where}: destinations: name one at least`)
    const unknown = rule.destinations.find((name) => !names.has(name))
    if (unknown !== undefined) {
      throw bad(`${where}: there is no ${unknown} in sip.proxy.destinations`)
    }
  }
}

function bad(message: string): OperatorError {
  return new OperatorError('CFG_BAD_VALUE', message)
}
