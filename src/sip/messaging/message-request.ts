/** A MESSAGE as it is sent (RFC 3428 §4). */
import type { InstantMessage } from '../../core/messaging/message.ts'
import { SipHeaders, SipRequest } from '../message/message.ts'
import { newTag } from '../message/respond.ts'
import { formatDate } from '../message/sip-date.ts'
import type { Draft } from './drafts.ts'
import { callIdFor } from './message-id.ts'

export interface Letter {
  readonly target: { readonly contact: string; readonly path: readonly string[] }
  readonly from: string
  readonly to: string
  readonly draft: Draft
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** Without Contact: nothing comes back within a dialog (§4). */
export function buildMessage(message: InstantMessage, letter: Letter): SipRequest {
  const { target, from, to, draft } = letter
  const headers = new SipHeaders()
  for (const route of target.path) headers.append('Route', route)
  headers.append('Max-Forwards', '70')
  headers.append('From', `<${from}>;tag=${newTag()}`)
  headers.append('To', `<${to}>`)
  headers.append('Call-ID', callIdFor(message.body === undefined ? undefined : message.id))
  headers.append('CSeq', '1 MESSAGE')
  headers.append('Content-Type', draft.contentType)
  addDescription(headers, message, letter.now)
  const uri = requestUri(target.contact)
  return new SipRequest({ method: 'MESSAGE', uri, headers, body: draft.body })
}

function addDescription(headers: SipHeaders, message: InstantMessage, now: number): void {
  const { subject, delayedSince, expiresAt } = message
  if (subject !== undefined && subject !== '') {
    headers.append('Subject', subject.replace(/[\r\n\0]+/g, ' '))
  }
  // §9: when it was written, where that is not now; what expires does so after Date (§8).
  const since = delayedSince ?? (expiresAt === undefined ? undefined : now)
  if (since !== undefined) headers.append('Date', formatDate(since))
  if (since !== undefined && expiresAt !== undefined) {
    headers.append('Expires', String(Math.max(0, Math.ceil((expiresAt - since) / 1000))))
  }
}

/** RFC 3261 §19.1.1: a request-URI has no headers and no `method` parameter. */
function requestUri(contact: string): string {
  const [withoutHeaders = contact] = contact.split('?', 1)
  return withoutHeaders.replace(/;method=[^;]*/i, '')
}
