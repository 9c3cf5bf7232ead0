/** The Date header (RFC 3261 §20.17): RFC 1123 form, always GMT. */

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const SIP_DATE = /^(\w{3}), \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/** Milliseconds since the Unix epoch. Other time zones and impossible dates are refused. */
export function parseDate(text: string): number | undefined {
  const trimmed = text.trim()
  const day = SIP_DATE.exec(trimmed)?.[1]
  const time = day === undefined ? Number.NaN : Date.parse(trimmed)
  // Date.parse takes the 31st of June; written back it is another date.
  if (Number.isNaN(time) || new Date(time).toUTCString() !== trimmed) return undefined
  return day !== undefined && DAYS.includes(day) ? time : undefined
}

export function formatDate(time: number): string {
  return new Date(time).toUTCString()
}
