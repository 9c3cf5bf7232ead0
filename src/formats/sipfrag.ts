/** Fragments of SIP messages (RFC 3420), as far as REFER uses them: how a request goes that somebody asked for (RFC 3515 §2.4.5). */

/** The media type (RFC 3420 §4). */
export const SIPFRAG = 'message/sipfrag'

export interface FragmentStatus {
  readonly status: number
  readonly reason: string
}

/** §2.4.5: the status line alone; more of a response would tell more than whoever asked may know (§5.1). */
export function renderSipfrag({ status, reason }: FragmentStatus): string {
  return `SIP/2.0 ${status} ${reason}\r\n`
}

/** `undefined` where it does not begin with a status line. */
export function parseSipfrag(text: string): FragmentStatus | undefined {
  const [, status, reason = ''] =
    /^SIP\/2\.0 ([1-6]\d\d)(?: ([^\r\n]*))?(?:\r?\n|$)/i.exec(text) ?? []
  return status === undefined ? undefined : { status: Number(status), reason: reason.trim() }
}
