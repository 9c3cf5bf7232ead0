/** A SIP peer that passes messages on to users: as many as are answered, or as many as it likes. */
import { quantile, serve } from '../harness/generator.ts'
import { DOMAIN, userName } from '../harness/scenario.ts'
import { type Link, openLink } from './sip-link.ts'
import { field, indexOf, newCallId, uri } from './sip-messages.ts'

/** Users who are there to receive, from number `first` on. */
interface Receivers {
  readonly first: number
  readonly count: number
}

export interface ClosedLoad extends Receivers {
  /** Messages without an answer at any time. */
  readonly window: number
  readonly ms: number
}

export interface OpenLoad extends Receivers {
  /** Sent whether or not what was sent before is answered; nothing is sent again. */
  readonly perSecond: number
  readonly ms: number
}

export interface Flooded {
  readonly sent: number
  /** With 200, and with 503 and Retry-After; the rest got no answer in time. */
  readonly accepted: number
  readonly refused: number
  /** Of those accepted. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const BODY = 'The train is late; please begin without me and keep the figures for the end.'
const SENDER = 'gateway'
const TICK_MS = 5
/** Timer F of a client (RFC 3261 §17.1.2) is 32 s; nobody waits for a message that long. */
const LATE_MS = 2_000
const PROBE = { everyMs: 100, goodMs: 100 }

let link: Link | undefined
let failure: Error | undefined
/** By index in the Call-ID: when it was sent, and who waits. */
const waiting = new Map<number, { sentAt: number; answered: (status: number) => void }>()
let sent = 0

const operations = {
  async open({ port }: { port: number }): Promise<void> {
    const failed = (error: Error) => {
      failure = error
    }
    link = await openLink('udp', port, { received, failed })
  },

  /** Messages a second that are accepted with so many under way. */
  async carry({ window, ms, ...receivers }: ClosedLoad): Promise<number> {
    const began = performance.now()
    let accepted = 0
    const one = async () => {
      while (performance.now() - began < ms) {
        const status = await message(receivers)
        if (status === 200) accepted += 1
        else if (status !== undefined) throw new Error(`refused with ${status}`)
      }
    }
    await Promise.all(Array.from({ length: window }, one))
    return (accepted * 1000) / (performance.now() - began)
  },

  /** Resolves when the last message has been sent, and not all of them are answered. */
  async flood({ perSecond, ms, ...receivers }: OpenLoad): Promise<Flooded> {
    const times: number[] = []
    const [began, before] = [performance.now(), sent]
    let refused = 0
    const answered = (status: number, tookMs: number) => {
      if (status === 200) times.push(tookMs)
      else if (status === 503) refused += 1
      else failure = new Error(`refused with ${status}`)
    }
    for (let now = began; now - began < ms; now = performance.now()) {
      const due = ((now - began) * perSecond) / 1000
      while (sent - before < due) send(receivers, answered)
      await pause(TICK_MS)
    }
    if (failure) throw failure
    return {
      sent: sent - before,
      accepted: times.length,
      refused,
      p50Ms: quantile(times, 0.5),
      p99Ms: quantile(times, 0.99),
    }
  },

  /** Milliseconds until a message is accepted as fast as on any other day. */
  async recover({ deadlineMs, ...receivers }: Receivers & { deadlineMs: number }): Promise<number> {
    const began = performance.now()
    for (let now = began; now - began < deadlineMs; now = performance.now()) {
      const status = await message(receivers, PROBE.goodMs)
      if (status === 200) return performance.now() - began
      await pause(Math.max(0, PROBE.everyMs - (performance.now() - now)))
    }
    return Number.POSITIVE_INFINITY
  },
}

export type FloodOperations = typeof operations

/** Resolves with the status of the final response; `undefined` where none comes in time. */
function message(receivers: Receivers, lateMs = LATE_MS): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => resolve(undefined), lateMs)
    send(receivers, (status) => {
      clearTimeout(late)
      resolve(status)
    })
    if (failure) reject(failure)
  })
}

function send(
  { first, count }: Receivers,
  answered: (status: number, tookMs: number) => void,
): void {
  if (!link) throw new Error('no link is open')
  const index = sent
  sent += 1
  const sentAt = performance.now()
  waiting.set(index, { sentAt, answered: (status) => answered(status, performance.now() - sentAt) })
  link.send(textOf(index, userName(first + (index % count)), link.port))
}

function textOf(index: number, receiver: string, port: number): string {
  const callId = newCallId(index)
  return (
    `MESSAGE ${uri(receiver)} SIP/2.0\r\n` +
    `Via: SIP/2.0/UDP 127.0.0.1:${port};rport;branch=z9hG4bK${callId}\r\n` +
    'Max-Forwards: 70\r\n' +
    `From: <sip:${SENDER}@elsewhere.${DOMAIN}>;tag=${callId}\r\n` +
    `To: <${uri(receiver)}>\r\n` +
    `Call-ID: ${callId}\r\n` +
    'CSeq: 1 MESSAGE\r\n' +
    'Content-Type: text/plain\r\n' +
    `Content-Length: ${BODY.length}\r\n\r\n${BODY}`
  )
}

function received(text: string): void {
  const status = Number(text.slice(8, 11))
  if (status < 200) return
  const index = indexOf(field(text, 'Call-ID'))
  const one = waiting.get(index)
  waiting.delete(index)
  if (status === 503 && !/^\d+/.test(field(text, 'Retry-After'))) {
    failure = new Error(`a refusal that does not say until when: ${text}`)
  }
  one?.answered(status)
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

serve(operations)
