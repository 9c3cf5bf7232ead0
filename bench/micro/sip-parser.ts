/** Reading SIP messages, checking and answering them, and writing them. */
import type { SipMessage } from '../../src/sip/message/message.ts'
import { parseSipDatagram, SipStreamParser } from '../../src/sip/message/parser.ts'
import { createResponse } from '../../src/sip/message/respond.ts'
import { serialize } from '../../src/sip/message/serializer.ts'
import { validateRequest, validateResponse } from '../../src/sip/message/validate.ts'
import { cseqOf, fromOf, toOf, topVia } from '../../src/sip/message/values.ts'
import type { Operation } from './operation.ts'
import { SIP_MESSAGES } from './sip-messages.ts'

function parsed(bytes: Buffer): SipMessage {
  const result = parseSipDatagram(bytes)
  if (result.kind !== 'message') throw new Error(`does not parse: ${bytes}`)
  return result.message
}

/** What every layer asks of a message that came. */
function check(message: SipMessage): unknown {
  const refusal = message.kind === 'request' ? validateRequest(message) : validateResponse(message)
  const values = [topVia(message), fromOf(message), toOf(message), cseqOf(message)]
  if (refusal || values.includes(undefined)) throw new Error('a sound message was refused')
  return values
}

const each: readonly Operation[] = Object.entries(SIP_MESSAGES).flatMap(([name, bytes]) => [
  { name: `sip: read ${name}`, setUp: () => () => parsed(bytes) },
  { name: `sip: read and check ${name}`, setUp: () => () => check(parsed(bytes)) },
  {
    name: `sip: write ${name}`,
    setUp() {
      const message = parsed(bytes)
      return () => serialize(message)
    },
  },
  ...answering(name, parsed(bytes)),
])

function answering(name: string, message: SipMessage): Operation[] {
  if (message.kind !== 'request') return []
  const setUp = () => () => serialize(createResponse(message, 200))
  return [{ name: `sip: answer ${name}`, setUp }]
}

export const sipParser: readonly Operation[] = [
  ...each,
  {
    name: 'sip: read a SUBSCRIBE from a stream',
    setUp() {
      const stream = new SipStreamParser()
      return () => stream.push(SIP_MESSAGES['a SUBSCRIBE'])
    },
  },
]
