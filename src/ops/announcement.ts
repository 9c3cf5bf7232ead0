/** What the server says on standard output when it is ready: for the operator, and for scripts that wait for it. */
import { formatAddress } from '../config/values.ts'
import { LISTENER_PROTOCOLS, type Listener } from './listeners.ts'

/** Passwords are in here where they were made by this start, which is the only time that they are known. */
export interface Announcement {
  readonly listeners: readonly Listener[]
  readonly data: string
  readonly firstAdministrator?: { readonly name: string; readonly password: string } | undefined
  readonly demo?: DemoUsers | undefined
  /** The file that clients have to trust, where the server's certificate is its own. */
  readonly caPath: string | undefined
}

export interface DemoUsers {
  readonly accounts: readonly string[]
  /** `undefined` where they existed already. */
  readonly password: string | undefined
}

/** Lines of a word, blanks and the rest; the last is `ready`. */
export function announce(server: Announcement): string[] {
  const { listeners, firstAdministrator: admin, demo, caPath } = server
  const lines: [string, string][] = []
  for (const { name, kind, address } of listeners) {
    lines.push([name, `${formatAddress(address).padEnd(21)} ${LISTENER_PROTOCOLS[kind]}`])
  }
  const https = listeners.find(({ name }) => name === 'https')
  if (https) lines.push(['api', `https://${reachable(https)}/api/v1`])
  if (caPath !== undefined)
    lines.push(['authority', `${caPath} (self-made; clients must trust it)`])
  if (admin) lines.push(['admin', `user ${admin.name}, password ${admin.password} (shown once)`])
  if (demo) lines.push(['demo', demoLine(demo, server.data)])
  return [...lines.map(([word, rest]) => `${word.padEnd(9)} ${rest}`), 'ready']
}

function demoLine({ accounts, password }: DemoUsers, data: string): string {
  const users = `users ${accounts.join(', ')}`
  if (password !== undefined) return `${users}, password ${password} (shown once)`
  return `${users} exist; new password: bin/heliograph --data ${data} user password ${accounts[0]}`
}

/** A wildcard is no address to open in a browser. */
function reachable({ address }: Listener): string {
  const wildcard = address.host === '::' || address.host === '0.0.0.0'
  return formatAddress(wildcard ? { ...address, host: 'localhost' } : address)
}
