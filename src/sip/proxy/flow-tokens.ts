/**
 * Flow tokens (RFC 5626 §5.2): the user part of our URI in Record-Route and Path, which says over which connections
 * the two sides of a dialog, or a registered client, are reached. Signed: only who was let in once has one, so that a
 * request within a dialog needs no password, and nobody makes a relay of us by writing our name into a Route.
 */
import type { SipRequest } from '../message/message.ts'
import { fromOf } from '../message/values.ts'
import { type Peer, parseTransportName } from '../transport/transport.ts'
import { KeyedHash } from './keyed-hash.ts'

/** Where there is none, the request-URI and the route set say where to. */
export interface DialogFlows {
  readonly caller: Peer | undefined
  readonly callee: Peer | undefined
}

export type FlowToken =
  | { readonly kind: 'dialog'; readonly towards: Peer | undefined }
  | { readonly kind: 'registration'; readonly flow: Peer }

const PROOF_BYTES = 12
const PROOF_CHARS = 16
const SIDE_BYTES = 3
const FLOW = /^(\w{2,3})-(.+)-(\d{1,5})$/

export class FlowTokens {
  readonly #hash: KeyedHash

  constructor(secret: Buffer) {
    this.#hash = new KeyedHash(secret, 'flow')
  }

  forDialog(invite: SipRequest, { caller, callee }: DialogFlows): string {
    const side = this.#side(invite)
    const text = `d${side}${flowText(caller)}!${flowText(callee)}`
    return this.#hash.of([text, invite.headers.get('Call-ID')], PROOF_BYTES) + encode(text)
  }

  forRegistration(flow: Peer): string {
    const text = `r${flowText(flow)}`
    return this.#hash.of([text], PROOF_BYTES) + encode(text)
  }

  /** `undefined` where the token is none of ours, or was made for another dialog. */
  read(token: string, request: SipRequest): FlowToken | undefined {
    const proof = token.slice(0, PROOF_CHARS)
    const text = decode(token.slice(PROOF_CHARS))
    const isDialog = text.startsWith('d')
    const parts = isDialog ? [text, request.headers.get('Call-ID')] : [text]
    if (!this.#hash.matches(proof, parts, PROOF_BYTES)) return undefined
    if (isDialog) return { kind: 'dialog', towards: this.#towards(text, request) }
    const flow = parseFlow(text.slice(1))
    return flow && { kind: 'registration', flow }
  }

  /** The caller is known by his tag, which is in From of his requests; those of the other side go to him. */
  #towards(text: string, request: SipRequest): Peer | undefined {
    const end = 1 + (SIDE_BYTES * 4) / 3
    const isFromCaller = text.slice(1, end) === this.#side(request)
    const [caller = '', callee = ''] = text.slice(end).split('!')
    return parseFlow(isFromCaller ? callee : caller)
  }

  #side(request: SipRequest): string {
    return this.#hash.of(['side', fromOf(request)?.params.get('tag')], SIDE_BYTES)
  }
}

const encode = (text: string) => Buffer.from(text).toString('base64url')
const decode = (text: string) => Buffer.from(text, 'base64url').toString()

function flowText(peer: Peer | undefined): string {
  return peer ? `${peer.transport}-${peer.host}-${peer.port}` : ''
}

function parseFlow(text: string): Peer | undefined {
  const [, name = '', host = '', port = ''] = FLOW.exec(text) ?? []
  const transport = parseTransportName(name)
  return transport && { transport, host, port: Number(port) }
}
