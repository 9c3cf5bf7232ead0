/** Times of presence documents (RFC 3863 §4.1.7, RFC 4480 §3.1, RFC 4481 §3). */

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/i

/**
 * XML Schema `dateTime`; one without a time zone is taken as UTC, one that is no time as absent,
 * and so is one before the epoch, which only a clock that was never set can mean.
 */
export function readTime(text: string | undefined): number | undefined {
  const match = DATE_TIME.exec(text?.trim() ?? '')
  if (!match) return undefined
  const time = Date.parse(match[2] ? match[0] : `${match[0]}Z`)
  return time >= 0 ? time : undefined
}
