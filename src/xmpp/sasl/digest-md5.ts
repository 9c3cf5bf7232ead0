/**
 * DIGEST-MD5 (RFC 2831), historic (RFC 6331) and off unless the operator turns it on for a domain:
 * for clients that have nothing better. qop is auth alone.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { SaslError } from '../errors.ts'
import { accountOf, checkAuthzid } from './account.ts'
import type { SaslContext, SaslExchange, SaslMechanism, SaslStep } from './mechanism.ts'

export const digestMd5: SaslMechanism = {
  name: 'DIGEST-MD5',
  serverFirst: true,
  proves: 'password',
  start: (context) => new DigestMd5Exchange(context),
}

class DigestMd5Exchange implements SaslExchange {
  readonly #context: SaslContext
  readonly #nonce = randomBytes(18).toString('base64')
  #state: 'begin' | 'challenged' | 'answered' = 'begin'
  #success: SaslStep | undefined

  constructor(context: SaslContext) {
    this.#context = context
  }

  step(response: Buffer): SaslStep | Promise<SaslStep> {
    switch (this.#state) {
      case 'begin':
        // RFC 2831 §2.1; an initial response would be an attempt at reauthentication, which nobody does.
        if (response.length > 0) throw new SaslError('malformed-request')
        this.#state = 'challenged'
        return { kind: 'challenge', data: Buffer.from(this.#challenge()) }
      case 'challenged':
        this.#state = 'answered'
        return this.#verify(parseDirectives(response.toString('utf8')))
      case 'answered':
        if (!this.#success || response.length > 0) throw new SaslError('malformed-request')
        return this.#success
    }
  }

  #challenge(): string {
    const { realm } = this.#context
    return `realm="${realm}",nonce="${this.#nonce}",qop="auth",charset=utf-8,algorithm=md5-sess`
  }

  async #verify(given: ReadonlyMap<string, string>): Promise<SaslStep> {
    const { domain, realm, credentials } = this.#context
    const get = (name: string) => given.get(name) ?? ''
    const fits =
      get('nonce') === this.#nonce &&
      get('nc') === '00000001' &&
      (get('qop') || 'auth') === 'auth' &&
      (get('realm') || realm) === realm &&
      get('digest-uri').toLowerCase().startsWith('xmpp/') &&
      get('cnonce') !== ''
    const account = accountOf(get('username'), domain)
    if (account) this.#context.claimed(account)
    const ha1 = account && (await credentials.ha1(account, 'MD5', 'xmpp', realm))
    // The same work for an account without a hash: it must not answer faster.
    const expected = responses(ha1 ?? '0'.repeat(32), given, this.#nonce)
    const right = timingSafeEqual(md5(get('response')), md5(expected.client))
    if (!fits || !account || ha1 === undefined || !right) throw new SaslError('not-authorized')
    checkAuthzid(get('authzid'), account)
    this.#success = { kind: 'success', account, data: undefined }
    return { kind: 'challenge', data: Buffer.from(`rspauth=${expected.server}`) }
  }
}

/** §2.1.2.1 and §2.1.3, from the hash of user, realm and password in hexadecimal. */
export function responses(
  ha1: string,
  given: ReadonlyMap<string, string>,
  nonce: string,
): { client: string; server: string } {
  const get = (name: string) => given.get(name) ?? ''
  const authzid = get('authzid') === '' ? '' : `:${get('authzid')}`
  const a1 = Buffer.concat([
    Buffer.from(ha1, 'hex'),
    Buffer.from(`:${nonce}:${get('cnonce')}${authzid}`),
  ])
  const sign = (a2: string) =>
    hex(`${hex(a1)}:${nonce}:${get('nc')}:${get('cnonce')}:auth:${hex(a2)}`)
  const uri = get('digest-uri')
  return { client: sign(`AUTHENTICATE:${uri}`), server: sign(`:${uri}`) }
}

/** §7.1: `name=value` or `name="quoted value"`, separated by commas; each at most once. */
export function parseDirectives(text: string): Map<string, string> {
  const directives = new Map<string, string>()
  if (text.length > 4096) throw new SaslError('malformed-request')
  const one = /\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]*))\s*(?:,|$)/gy
  while (one.lastIndex < text.length) {
    const match = one.exec(text)
    const name = match?.[1]?.toLowerCase()
    if (!match || name === undefined || directives.has(name)) {
      throw new SaslError('malformed-request')
    }
    directives.set(name, match[2]?.replace(/\\(.)/g, '$1') ?? match[3] ?? '')
  }
  return directives
}

function md5(data: string | Buffer): Buffer {
  return createHash('md5').update(data).digest()
}

function hex(data: string | Buffer): string {
  return md5(data).toString('hex')
}
