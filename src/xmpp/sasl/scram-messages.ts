/** The two messages of a SCRAM client (RFC 5802 §7). */
import type { ChannelBindingType } from '../../net/link.ts'
import { SaslError } from '../errors.ts'

export interface ClientFirst {
  readonly gs2Header: string
  readonly authzid: string
  readonly user: string
  readonly nonce: string
  readonly bare: string
  readonly binding: ChannelBindingType | undefined
}

export interface ClientFinal {
  /** What the proof signs. */
  readonly withoutProof: string
  /** The GS2 header and the channel's own bytes, as the client sees them. */
  readonly binding: Buffer
  readonly nonce: string
  readonly proof: Buffer
}

/** `gs2-cbind-flag "," [ "a=" saslname ] "," client-first-message-bare`. */
const CLIENT_FIRST =
  /^((?:n|y|p=([A-Za-z0-9.-]+)),(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s

export function parseClientFirst(text: string): ClientFirst {
  const match = CLIENT_FIRST.exec(text)
  if (!match || text.length > 4096) throw new SaslError('malformed-request')
  const [, gs2Header = '', binding, authzid = '', bare = '', user = '', nonce = ''] = match
  return {
    gs2Header,
    authzid: decodeName(authzid),
    user: decodeName(user),
    nonce,
    bare,
    binding: binding === undefined ? undefined : parseBinding(binding),
  }
}

function parseBinding(type: string): ChannelBindingType {
  if (type === 'tls-exporter' || type === 'tls-server-end-point' || type === 'tls-unique')
    return type
  throw new SaslError('malformed-request', `channel binding of type ${type} is not supported`)
}

/** §5.1: `=2C` is a comma, `=3D` an equals sign, and nothing else may follow an equals sign. */
function decodeName(text: string): string {
  if (/=(?!2C|3D)/.test(text)) throw new SaslError('malformed-request')
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}

const CLIENT_FINAL =
  /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[^,]*)*),p=([A-Za-z0-9+/=]+)$/

export function parseClientFinal(text: string): ClientFinal {
  const match = text.length > 8192 ? null : CLIENT_FINAL.exec(text)
  if (!match) throw new SaslError('malformed-request')
  const [, withoutProof = '', binding = '', nonce = '', proof = ''] = match
  return {
    withoutProof,
    binding: Buffer.from(binding, 'base64'),
    nonce,
    proof: Buffer.from(proof, 'base64'),
  }
}
