/** One request of a BOSH client, and the way its answer goes back. */
import { type BoshBody, xbosh } from './body.ts'

export interface BoshRequest {
  readonly rid: number
  readonly body: BoshBody
  /** Of the body. */
  readonly bytes: number
  readonly reply: Reply
}

export interface Reply {
  /** Sends the answer; `taken` is called when the system has it. */
  send(answer: Answer, taken?: () => void): void
  /** The client hung up before the system had the answer. */
  onGone: (() => void) | undefined
}

export interface Answer {
  readonly body: string
  /** Its media type. */
  readonly content: string
  readonly status?: number | undefined
}

/** XEP-0124 §17.2. */
export type BindingCondition =
  | 'bad-request'
  | 'host-unknown'
  | 'improper-addressing'
  | 'internal-server-error'
  | 'item-not-found'
  | 'other-request'
  | 'policy-violation'
  | 'remote-stream-error'
  | 'system-shutdown'

/** §14.1: a number that stays exact. */
export function ridOf({ wrapper }: BoshBody): number | undefined {
  const text = wrapper.attr('rid') ?? ''
  const rid = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(rid) && rid > 0 ? rid : undefined
}

export function keyOf({ body }: BoshRequest): string | undefined {
  return body.wrapper.attr('key')
}

export function isRestart({ body }: BoshRequest): boolean {
  return /^(true|1)$/.test(xbosh(body, 'restart') ?? '')
}

export function isTermination({ body }: BoshRequest): boolean {
  return body.wrapper.attr('type') === 'terminate'
}

/** §10, milliseconds; `NaN` for what is no duration. */
export function pauseOf({ body }: BoshRequest): number | undefined {
  const pause = body.wrapper.attr('pause')
  if (pause === undefined) return undefined
  return /^\d{1,9}$/.test(pause) ? Number(pause) * 1000 : Number.NaN
}

/** §11: may be one more than the others. */
export function isExtra(request: BoshRequest): boolean {
  return isTermination(request) || pauseOf(request) !== undefined
}

/** Asks for what there is, and says nothing. */
export function isEmpty(request: BoshRequest): boolean {
  return request.body.payloads.length === 0 && !isRestart(request) && !isExtra(request)
}
