import type { SipResponse } from '../message/message.ts'
import { serialize } from '../message/serializer.ts'
import { parseNameAddr } from '../message/values.ts'

/** A response as it is kept for the case that it has to be sent again. */
export interface Reply {
  readonly status: number
  readonly bytes: Buffer
  /** Of To; an ACK has to name it. */
  readonly toTag: string | undefined
}

export function toReply(response: SipResponse): Reply {
  return {
    status: response.status,
    bytes: serialize(response),
    toTag: parseNameAddr(response.headers.get('To') ?? '')?.params.get('tag'),
  }
}
