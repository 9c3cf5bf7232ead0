/** What client and server agree on when a BOSH session begins (XEP-0124 §7). Times in milliseconds. */
import type { HttpConfig } from '../http-config.ts'
import type { BodyAttributes, BoshBody } from './body.ts'

export interface Terms {
  /** The lower version of both; `undefined` for clients from before 1.6, which know HTTP's errors only (§17.1). */
  readonly version: string | undefined
  /** How long a request waits for its answer. */
  readonly waitMs: number
  /** Requests that wait at a time. */
  readonly hold: number
  /** Requests that the client may make at a time. */
  readonly requests: number
  readonly pollingMs: number
  readonly inactivityMs: number
  readonly maxPauseMs: number
  /** Both say what they have received (§9). */
  readonly acknowledges: boolean
  /** The media type of all answers. */
  readonly content: string
}

const VERSION = { major: 1, minor: 11 }
export const DEFAULT_CONTENT = 'text/xml; charset=utf-8'
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+(; ?charset="?utf-8"?)?$/i

/** `undefined` for what no client may wish. */
export function agree({ wrapper }: BoshBody, config: HttpConfig): Terms | undefined {
  const wish = (name: string) => wholeNumber(wrapper.attr(name))
  const content = wrapper.attr('content') ?? DEFAULT_CONTENT
  const [wait, hold] = [wish('wait'), wish('hold')]
  if (wait === false || hold === false || !MEDIA_TYPE.test(content)) return undefined
  const waitMs = Math.min((wait ?? Number.POSITIVE_INFINITY) * 1000, config.boshWait)
  const held = waitMs === 0 ? 0 : Math.min(hold ?? 1, config.boshRequests - 1)
  const isPolling = held === 0
  return {
    version: lowerVersion(wrapper.attr('ver')),
    waitMs,
    hold: held,
    // §7.2: "The RECOMMENDED value is one more than the value of the 'hold' attribute".
    requests: isPolling ? Math.min(2, config.boshRequests) : held + 1,
    pollingMs: config.boshPolling,
    // §12: more than normal, for nothing waits between two polls.
    inactivityMs: config.boshInactivity + (isPolling ? 2 * config.boshPolling : 0),
    maxPauseMs: config.boshMaxPause,
    acknowledges: wrapper.attr('ack') === '1',
    content,
  }
}

/** §7.2: what the client is told. */
export function termsAttributes(terms: Terms): BodyAttributes {
  const seconds = (ms: number) => String(Math.floor(ms / 1000))
  return {
    wait: seconds(terms.waitMs),
    requests: String(terms.requests),
    hold: String(terms.hold),
    ver: terms.version ?? `${VERSION.major}.${VERSION.minor}`,
    polling: seconds(terms.pollingMs),
    inactivity: seconds(terms.inactivityMs),
    maxpause: terms.maxPauseMs === 0 ? undefined : seconds(terms.maxPauseMs),
  }
}

/** `undefined` where nothing is written, false where it is no number. */
function wholeNumber(text: string | undefined): number | undefined | false {
  if (text === undefined) return undefined
  return /^\d{1,9}$/.test(text) ? Number(text) : false
}

/** Each part is a number of its own: 1.10 is later than 1.9. */
function lowerVersion(theirs: string | undefined): string | undefined {
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})$/.exec(theirs ?? '') ?? []
  if (major === undefined || minor === undefined) return undefined
  const isLower =
    Number(major) < VERSION.major ||
    (Number(major) === VERSION.major && Number(minor) < VERSION.minor)
  return isLower ? `${Number(major)}.${Number(minor)}` : `${VERSION.major}.${VERSION.minor}`
}
