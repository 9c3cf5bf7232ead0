import { SipResponse } from '../../../src/sip/message/message.ts'

export function response(status: number): SipResponse {
  return new SipResponse({ status, reason: 'Test' })
}
