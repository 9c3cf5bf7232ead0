/** As much of STUN (RFC 8489, RFC 5389) as a keep-alive needs: Binding requests and what answers them. */
import { isIPv4 } from 'node:net'
import type { Endpoint } from '../transport.ts'

const HEADER_BYTES = 20
const MAGIC_COOKIE = 0x2112a442
const BINDING_REQUEST = 0x0001
const BINDING_SUCCESS = 0x0101
const BINDING_ERROR = 0x0111
/** Attributes below this have to be understood (RFC 8489 §14). */
const FIRST_OPTIONAL = 0x8000
const ERROR_CODE = 0x0009
const UNKNOWN_ATTRIBUTES = 0x000a
const XOR_MAPPED_ADDRESS = 0x0020
/** FINGERPRINT's length, and no request that means a keep-alive is longer than this. */
const MAX_REQUEST_BYTES = 548

/** RFC 5626 §8: no SIP message begins with such an octet. */
export function isStun(bytes: Buffer): boolean {
  return bytes.length >= HEADER_BYTES && (bytes[0] ?? 0xff) <= 1
}

/** `undefined` for what is no Binding request: it is dropped (RFC 8489 §6.3). */
export function answerBinding(bytes: Buffer, source: Endpoint): Buffer | undefined {
  if (bytes.length > MAX_REQUEST_BYTES || bytes.length % 4 !== 0) return undefined
  if (bytes.readUInt16BE(0) !== BINDING_REQUEST || bytes.readUInt32BE(4) !== MAGIC_COOKIE) {
    return undefined
  }
  if (bytes.readUInt16BE(2) !== bytes.length - HEADER_BYTES) return undefined
  const unknown = unknownAttributes(bytes)
  if (!unknown) return undefined
  const transaction = bytes.subarray(4, HEADER_BYTES)
  return unknown.length > 0
    ? message(BINDING_ERROR, transaction, unknownAttribute(unknown))
    : message(BINDING_SUCCESS, transaction, mappedAddress(source, transaction))
}

/** Those that have to be understood: we know none. `undefined` where the lengths are wrong. */
function unknownAttributes(bytes: Buffer): readonly number[] | undefined {
  const unknown: number[] = []
  let at = HEADER_BYTES
  while (at < bytes.length) {
    const type = bytes.readUInt16BE(at)
    const length = bytes.readUInt16BE(at + 2)
    at += 4 + Math.ceil(length / 4) * 4
    if (at > bytes.length) return undefined
    if (type < FIRST_OPTIONAL) unknown.push(type)
  }
  return unknown
}

/** §5; the magic cookie and the transaction's identifier are the request's. */
function message(type: number, transaction: Buffer, attributes: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(attributes.length, 2)
  return Buffer.concat([head, transaction, attributes])
}

function attribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)])
}

/** §14.2: as the request came, under a mask, since there are NATs that change addresses wherever they see them. */
function mappedAddress({ host, port }: Endpoint, mask: Buffer): Buffer {
  const address = addressBytes(host)
  const value = Buffer.alloc(4 + address.length)
  value[1] = address.length === 4 ? 1 : 2
  value.writeUInt16BE(port ^ (MAGIC_COOKIE >>> 16), 2)
  for (const [at, byte] of address.entries()) value[4 + at] = byte ^ (mask[at] ?? 0)
  return attribute(XOR_MAPPED_ADDRESS, value)
}

/** §14.8: 420, and §14.9 which ones. */
function unknownAttribute(types: readonly number[]): Buffer {
  const code = Buffer.from([0, 0, 4, 20])
  const list = Buffer.alloc(types.length * 2)
  for (const [at, type] of types.entries()) list.writeUInt16BE(type, at * 2)
  return Buffer.concat([
    attribute(ERROR_CODE, Buffer.concat([code, Buffer.from('Unknown Attribute')])),
    attribute(UNKNOWN_ATTRIBUTES, list),
  ])
}

function addressBytes(host: string): Buffer {
  if (isIPv4(host)) return Buffer.from(host.split('.').map(Number))
  const [before = '', after] = host.split('::')
  const head = groups(before)
  const tail = groups(after ?? '')
  const zeros = new Array(8 - head.length - tail.length).fill(0)
  const bytes = Buffer.alloc(16)
  for (const [at, group] of [...head, ...zeros, ...tail].entries())
    bytes.writeUInt16BE(group, at * 2)
  return bytes
}

function groups(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
}
