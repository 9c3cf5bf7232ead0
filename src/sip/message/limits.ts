/** How much of one message is read. */
export interface SipLimits {
  /** Start line, headers and body together, in bytes. */
  readonly maxMessageBytes: number
  /** Start line and headers, in bytes. */
  readonly maxHeadBytes: number
  /** Header fields. */
  readonly maxHeaders: number
  /** One line of the head, in characters. */
  readonly maxLineLength: number
}

export const DATAGRAM_LIMITS: SipLimits = {
  maxMessageBytes: 65_535,
  maxHeadBytes: 65_535,
  maxHeaders: 256,
  maxLineLength: 8_192,
}

export const STREAM_LIMITS: SipLimits = { ...DATAGRAM_LIMITS, maxMessageBytes: 262_144 }
