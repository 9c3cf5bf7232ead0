/** A refusal in SIP's own words: thrown by request handlers, answered by the user agent. */
import { reasonPhrase } from './message/respond.ts'

export type HeaderFields = readonly (readonly [name: string, value: string])[]

/** What says more than the reason phrase does. */
export interface ErrorBody {
  readonly contentType: string
  readonly content: string
}

export class SipError extends Error {
  readonly status: number
  readonly reason: string
  /** Added to the response as they are, in this order; a name may occur more than once. */
  readonly headers: HeaderFields
  /** Its Content-Type is in `headers`. */
  readonly body: string | undefined

  /** `status` 300…699; without `reason` the standard phrase of RFC 3261 §21 and its extensions. */
  constructor(status: number, reason?: string, headers: HeaderFields = [], body?: ErrorBody) {
    const phrase = reason ?? reasonPhrase(status)
    super(`${status} ${phrase}`)
    this.name = 'SipError'
    this.status = status
    this.reason = phrase
    this.headers = body ? [...headers, ['Content-Type', body.contentType]] : headers
    this.body = body?.content
  }
}
