/** URIs of RLS services in the one form by which they are compared (RFC 4826 §4.5, RFC 3261 §19.1.4). */

const SERVICE_URI = /^(sips?):([^@;?]+)@([^@;?:/]+|\[[\da-f:.]+\])(?::\d+)?(?:[;?].*)?$/i

/** `undefined` for what is no SIP URI with a user. Port, parameters and headers do not tell lists apart. */
export function canonicalServiceUri(text: string): string | undefined {
  const [, scheme, user, host] = SERVICE_URI.exec(text.trim()) ?? []
  if (scheme === undefined || user === undefined || host === undefined) return undefined
  const decoded = decode(user)
  if (decoded === undefined) return undefined
  return `sip:${encodeURIComponent(decoded)}@${host.toLowerCase()}`
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}
