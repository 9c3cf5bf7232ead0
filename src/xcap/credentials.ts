/** An Authorization header of HTTP Digest (RFC 7616 §3.4), with qop=auth. */

export interface DigestCredentials {
  readonly username: string
  /** Lower case. */
  readonly realm: string
  readonly uri: string
  readonly nonce: string
  /** Eight hexadecimal digits, as they were sent. */
  readonly nc: string
  readonly cnonce: string
  readonly response: string
  readonly algorithm: string | undefined
}

const PARAM = /\s*([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))\s*(?:,|$)/y
const MAX_CHARS = 16_384

/** `undefined` where something is missing, or comes twice. */
export function parseCredentials(authorization: string): DigestCredentials | undefined {
  if (authorization.length > MAX_CHARS) return undefined
  const params = parseParams(authorization.replace(/^\s*digest\s/i, ''))
  const [username, uri, nonce] = [params?.get('username'), params?.get('uri'), params?.get('nonce')]
  const [nc, cnonce, response] = [params?.get('nc'), params?.get('cnonce'), params?.get('response')]
  const realm = params?.get('realm')?.toLowerCase()
  if (!username || !realm || !uri || !nonce || !nc || !cnonce || !response) return undefined
  if (params?.get('qop')?.toLowerCase() !== 'auth' || !/^[0-9a-f]{8}$/i.test(nc)) return undefined
  return {
    ...{ username, realm, uri, nonce, nc, cnonce, response },
    algorithm: params.get('algorithm'),
  }
}

function parseParams(text: string): ReadonlyMap<string, string> | undefined {
  const params = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    PARAM.lastIndex = at
    const [, name, quoted, plain] = PARAM.exec(text) ?? []
    const key = name?.toLowerCase()
    if (key === undefined || params.has(key)) return undefined
    params.set(key, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '')
    at = PARAM.lastIndex
  }
  return params
}
