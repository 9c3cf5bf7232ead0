/** What is said between threads now and then: plain data that can be cloned. */
import type { ChannelBindingType, LinkListenOptions, TlsIdentities } from './link.ts'

export type ToEdge =
  | { readonly kind: 'identities'; readonly identities: TlsIdentities }
  | { readonly kind: 'listen'; readonly listener: number; readonly options: LinkListenOptions }
  | { readonly kind: 'unlisten'; readonly listener: number }
  | { readonly kind: 'ping' }

export type FromEdge =
  | {
      readonly kind: 'listening'
      readonly listener: number
      readonly address: string
      readonly port: number
    }
  | { readonly kind: 'refused'; readonly listener: number; readonly error: SystemError }
  | { readonly kind: 'acceptFailed'; readonly error: SystemError }
  /** A client named this domain in a handshake. */
  | { readonly kind: 'named'; readonly domain: string }
  | { readonly kind: 'pong' }

/** What a thread can tell of another's error: its message, and what a system call says beside. */
export interface SystemError {
  readonly message: string
  readonly code?: string
  readonly syscall?: string
  readonly address?: string
  readonly port?: number
}

export function tellError(error: unknown): SystemError {
  if (!(error instanceof Error)) return { message: String(error) }
  const { message, code, syscall, address, port } = error as Error & Partial<SystemError>
  return {
    message,
    ...(code !== undefined && { code }),
    ...(syscall !== undefined && { syscall }),
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
  }
}

export function toldError({ message, ...rest }: SystemError): Error {
  return Object.assign(new Error(message), rest)
}

/** What is known of a link when its handshake is done. */
export interface LinkSecured {
  /** In hexadecimal. */
  readonly bindings: Readonly<Partial<Record<ChannelBindingType, string>>>
  /** Where the client showed a certificate, in base64. */
  readonly peer?: { readonly raw: string; readonly problem?: string | undefined }
}

/** A link that was just made, with the listener that it came by. */
export interface Opened {
  readonly listener: number
  readonly remoteAddress: string
}
