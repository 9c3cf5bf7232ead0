/** What the answer to a NOTIFY says of the subscription (RFC 6665 §4.2.2, RFC 5057 §5.1). */
import type { SipResponse } from '../message/message.ts'
import { parseRetryAfter } from '../message/values.ts'

export type Verdict =
  | { readonly kind: 'accepted' }
  /** The watcher knows nothing of the subscription, or never will take a NOTIFY. */
  | { readonly kind: 'gone' }
  /** Lost, refused for now, or refused in a way that says nothing of the subscription. */
  | { readonly kind: 'failed'; readonly retryAfterMs: number | undefined }

/** Responses after which the subscription has to be removed (RFC 6665 §4.2.2), whatever else they say. */
const GONE = new Set([404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604])

const MAX_RETRY_AFTER_SECONDS = 3600

export function verdictOn(response: SipResponse): Verdict {
  const { status } = response
  if (status >= 200 && status < 300) return { kind: 'accepted' }
  if (GONE.has(status)) return { kind: 'gone' }
  const seconds = parseRetryAfter(response.headers.get('Retry-After') ?? '')
  const retryAfterMs =
    seconds === undefined ? undefined : Math.min(seconds, MAX_RETRY_AFTER_SECONDS) * 1000
  return { kind: 'failed', retryAfterMs }
}
