import { SipResponse } from '../../../src/sip/message/message.ts'
import type { Reply } from '../../../src/sip/transport/reply.ts'

export function reply(status: number): Reply {
  return { status, bytes: Buffer.alloc(0), toTag: undefined }
}

export function response(status: number): SipResponse {
  return new SipResponse({ status, reason: 'Test' })
}
