/** Where clients reach what is served over HTTP. */
import { domainToASCII } from 'node:url'
import type { Listener } from '../ops/listeners.ts'

const HTTPS_PORT = 443

/** Without a slash at its end. */
export function httpAddress(
  domain: string,
  publicUrl: string | undefined,
  listeners: readonly Listener[],
): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/$/, '')
  // Behind a proxy that the operator does not tell of, the usual port.
  const port = portOf('httpsXmpp', listeners) ?? portOf('https', listeners) ?? HTTPS_PORT
  return `https://${domainToASCII(domain)}${port === HTTPS_PORT ? '' : `:${port}`}`
}

function portOf(kind: Listener['kind'], listeners: readonly Listener[]): number | undefined {
  return listeners.find((listener) => listener.kind === kind)?.address.port
}
