/** Many SIP watchers and presentities in one process: what scenarios have them do. */
import { quantile, serve } from '../harness/generator.ts'
import { userName } from '../harness/scenario.ts'
import type { Timed } from '../harness/span.ts'
import { each, Pace } from './in-turn.ts'
import { type Link, openLink, type Transport } from './sip-link.ts'
import {
  answer,
  type Dialog,
  field,
  indexOf,
  newCallId,
  noteOf,
  POLICY,
  type PublishRequest,
  presence,
  publish,
  publishPolicy,
  subscribe,
} from './sip-messages.ts'

export interface SipTimed extends Timed {
  /** Requests of ours that were sent again (RFC 3261 §17.1.2), and NOTIFYs that came again. */
  readonly retransmissions: number
  readonly repetitions: number
}

export interface Target {
  readonly transport: Transport
  readonly port: number
  /** Connections of watchers, over TCP; UDP has one socket. */
  readonly connections: number
}

/** Watchers of each of `count` users from number `first` on, who are users of the same range. */
export interface Watching {
  readonly first: number
  readonly count: number
  readonly watchers: number
  /** Users from `first` on who watch; those who are watched where it is not given. */
  readonly colleagues?: number
  /** SUBSCRIBEs under way at a time. */
  readonly window: number
  /** No more than so many begin in a second; as many as can where it is not given. */
  readonly perSecond?: number
}

export interface Publishing {
  readonly first: number
  readonly count: number
  /** Presentities at a time who have published what not all of their watchers know. */
  readonly window: number
  readonly ms: number
}

const T1_MS = 500
const T2_MS = 4_000
const PHASE_DEADLINE_MS = 120_000
const PUBLICATION_SECONDS = 3_600

/** A request of ours that has no final response. */
interface Pending {
  readonly text: string
  readonly link: Link
  resend: number
  interval: number
  answered(response: string): void
}

interface Presentity {
  readonly user: string
  readonly callId: string
  cseq: number
  etag: string
  changes: number
  note: string
  /** Watchers who do not know, and the 200. */
  missing: number
  sentAt: number
  told: (() => void) | undefined
}

const links: Link[] = []
const dialogs: Dialog[] = []
const presentities = new Map<string, Presentity>()
/** By Call-ID and CSeq. */
const pending = new Map<string, Pending>()
let retransmissions = 0
let repetitions = 0
let notifies = 0
const failure = Promise.withResolvers<never>()
failure.promise.catch(() => undefined)
/** What a NOTIFY means to whoever is being measured. */
let notified: (dialog: Dialog, text: string) => void = () => undefined

const operations = {
  async open({ transport, port, connections }: Target): Promise<void> {
    const owner = { received, failed: (error: Error) => failure.reject(error) }
    const count = transport === 'udp' ? 1 : connections + 1
    for (let n = 0; n < count; n += 1) links.push(await openLink(transport, port, owner))
    setInterval(retransmit, 100).unref()
  },

  /** Each lets his colleagues watch him. */
  async authorize({ first, count }: { first: number; count: number }): Promise<void> {
    await within(
      each(count, 10, async (n) => {
        const { user } = presentityOf(first + n)
        await sendPublish(publishPolicy, { user, body: POLICY, etag: '', expires: 3_600 })
      }),
    )
  },

  /** Resolves when each has his 200 and his first NOTIFY; more watchers where there are some already. */
  async subscribe(watching: Watching): Promise<SipTimed> {
    const { count, watchers, window, perSecond } = watching
    const meter = new Meter()
    const waiting = new Map<Dialog, () => void>()
    notified = (dialog) => {
      waiting.get(dialog)?.()
      waiting.delete(dialog)
    }
    const pace = new Pace(perSecond)
    await within(
      each(count * watchers, window, async (n) => {
        await pace.next()
        const dialog = newDialog(watching, n)
        const sentAt = performance.now()
        const told = new Promise<void>((resolve) => waiting.set(dialog, resolve))
        const response = await request(subscribe(dialog), dialog.link)
        dialog.to = field(response, 'To')
        dialog.target = field(response, 'Contact').replace(/^<(.*)>.*$/, '$1')
        await told
        meter.add(performance.now() - sentAt)
      }),
    )
    return meter.result()
  },

  /**
   * For `ms`, and until each has done so once, presentities change one after the other; one changes
   * again when all his watchers know. Timed are NOTIFYs, and the PUBLISHes of those whom nobody watches.
   */
  async publish({ first, count, window, ms }: Publishing): Promise<SipTimed> {
    const meter = new Meter()
    notified = (dialog, text) => {
      const one = presentities.get(dialog.presentity)
      // A NOTIFY that says what was before was overtaken by the change.
      if (!one || one.missing === 0 || !text.includes(one.note)) return
      meter.add(performance.now() - one.sentAt)
      one.missing -= 1
      if (one.missing === 0) one.told?.()
    }
    const until = performance.now() + ms
    let next = 0
    const people = Array.from({ length: count }, (_, n) => presentityOf(first + n))
    const watched = countWatchers()
    const one = async () => {
      while (performance.now() < until || next < count) {
        const person = people[next++ % count]
        // He is slow, and the others have all had their turn.
        if (!person || person.missing > 0) continue
        const watchers = watched.get(person.user) ?? 0
        await change(person, watchers)
        if (watchers === 0) meter.add(performance.now() - person.sentAt)
      }
    }
    await within(Promise.all(Array.from({ length: window }, one)))
    return meter.result()
  },

  /** Resolves when each subscription has been extended: rejects where the server has forgotten one. */
  async refresh({ window }: { window: number }): Promise<void> {
    notified = () => undefined
    await within(
      each(dialogs.length, window, async (n) => {
        const dialog = dialogs[n]
        if (dialog) await request(subscribe(dialog), dialog.link)
      }),
    )
  },

  /** How many NOTIFYs have come so far, those that came again not counted. */
  async notifies(_: object): Promise<number> {
    return notifies
  },

  /** Ends all subscriptions and publications: the server is as it was before. */
  async leave(_: object): Promise<void> {
    notified = () => undefined
    await within(
      each(dialogs.length, 20, async (n) => {
        const dialog = dialogs[n]
        if (dialog) await request(subscribe(dialog, 0), dialog.link)
      }),
    )
    const people = [...presentities.values()].filter(({ etag }) => etag !== '')
    await within(
      each(people.length, 10, async (n) => {
        const person = people[n]
        if (!person) return
        await sendPublish(publish, { ...person, body: '', expires: 0 })
        person.etag = ''
      }),
    )
    for (const link of links) link[Symbol.dispose]()
    links.length = 0
  },
}

export type SipOperations = typeof operations

/** Resolves when his watchers and he know. */
async function change(person: Presentity, watchers: number): Promise<void> {
  const done = Promise.withResolvers<void>()
  person.changes += 1
  person.note = noteOf(person.changes)
  person.missing = Math.max(1, watchers)
  person.told = done.resolve
  person.sentAt = performance.now()
  const body = presence(person.user, person.changes)
  const response = await sendPublish(publish, { ...person, body, expires: PUBLICATION_SECONDS })
  person.etag = field(response, 'SIP-ETag')
  if (person.etag === '') throw new Error(`a PUBLISH without entity-tag: ${response}`)
  if (watchers === 0) person.missing = 0
  if (person.missing > 0) await done.promise
}

function sendPublish(
  build: (request: PublishRequest) => string,
  what: Pick<PublishRequest, 'user' | 'body' | 'etag' | 'expires'>,
): Promise<string> {
  const link = links[0]
  const person = presentities.get(what.user)
  if (!link || !person) throw new Error('nobody to publish')
  person.cseq += 1
  const { user, callId, cseq } = person
  return request(build({ ...what, link, user, callId, cseq }), link)
}

/** Resolves with the 2xx. */
function request(text: string, link: Link): Promise<string> {
  return new Promise((resolve) => {
    pending.set(transactionOf(text), {
      text,
      link,
      resend: link.transport === 'udp' ? performance.now() + T1_MS : Number.POSITIVE_INFINITY,
      interval: T1_MS,
      answered: resolve,
    })
    link.send(text)
  })
}

function received(text: string, link: Link): void {
  if (text.startsWith('NOTIFY ')) takeNotify(text, link)
  else if (text.startsWith('SIP/2.0 ')) takeResponse(text)
  else failure.reject(new Error(`neither a NOTIFY nor a response: ${text}`))
}

function takeNotify(text: string, link: Link): void {
  const dialog = dialogs[indexOf(field(text, 'Call-ID'))]
  if (!dialog) {
    failure.reject(new Error(`a NOTIFY of nobody: ${text}`))
    return
  }
  link.send(answer(text))
  const cseq = Number.parseInt(field(text, 'CSeq'), 10)
  if (cseq <= dialog.notified) {
    repetitions += 1
    return
  }
  dialog.notified = cseq
  notifies += 1
  notified(dialog, text)
}

function takeResponse(text: string): void {
  const status = text.slice(8, 11)
  if (status.startsWith('1')) return
  const key = transactionOf(text)
  const one = pending.get(key)
  // The answer to a request that was sent twice comes twice.
  if (!one) return
  pending.delete(key)
  if (status.startsWith('2')) one.answered(text)
  else failure.reject(new Error(`refused: ${text}\n${one.text}`))
}

const transactionOf = (text: string) => `${field(text, 'Call-ID')} ${field(text, 'CSeq')}`

function retransmit(): void {
  const now = performance.now()
  for (const one of pending.values()) {
    if (one.resend > now) continue
    retransmissions += 1
    one.interval = Math.min(2 * one.interval, T2_MS)
    one.resend = now + one.interval
    one.link.send(one.text)
  }
}

/** The `n`-th of those who watch `count` users: each watches the ones after himself. */
function newDialog({ first, count, colleagues = count }: Watching, n: number): Dialog {
  const index = dialogs.length
  const round = Math.floor(index / count)
  const link = links[1 + (round % Math.max(1, links.length - 1))] ?? links[0]
  if (!link) throw new Error('no link is open')
  const dialog: Dialog = {
    callId: newCallId(index),
    link,
    presentity: userName(first + (n % count)),
    watcher: userName(first + ((n + 1 + round) % colleagues)),
    to: '',
    target: '',
    cseq: 0,
    notified: 0,
  }
  dialogs.push(dialog)
  return dialog
}

function presentityOf(n: number): Presentity {
  const user = userName(n)
  const known = presentities.get(user)
  if (known) return known
  const made: Presentity = {
    user,
    callId: newCallId(Number.MAX_SAFE_INTEGER - n),
    cseq: 0,
    etag: '',
    changes: 0,
    note: '',
    missing: 0,
    sentAt: 0,
    told: undefined,
  }
  presentities.set(user, made)
  return made
}

function countWatchers(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { presentity } of dialogs) counts.set(presentity, (counts.get(presentity) ?? 0) + 1)
  return counts
}

/** Rejects with what failed on any link, and where it takes too long. */
async function within(work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>()
  const deadline = setTimeout(
    () => late.reject(new Error(`too late: ${whatIsMissing()}`)),
    PHASE_DEADLINE_MS,
  )
  try {
    await Promise.race([work, failure.promise, late.promise])
  } finally {
    clearTimeout(deadline)
  }
}

function whatIsMissing(): string {
  const untold = [...presentities.values()].filter(({ missing }) => missing > 0)
  const watchers = untold.reduce((sum, { missing }) => sum + missing, 0)
  return (
    `${pending.size} requests are not answered, ` +
    `${watchers} watchers of ${untold.length} presentities are not told`
  )
}

/** Times of what is measured, from the moment it is made. */
class Meter {
  readonly #times: number[] = []
  readonly #began = performance.now()
  readonly #retransmissions = retransmissions
  readonly #repetitions = repetitions

  add(ms: number): void {
    this.#times.push(ms)
  }

  result(): SipTimed {
    return {
      operations: this.#times.length,
      ms: performance.now() - this.#began,
      p50Ms: quantile(this.#times, 0.5),
      p99Ms: quantile(this.#times, 0.99),
      retransmissions: retransmissions - this.#retransmissions,
      repetitions: repetitions - this.#repetitions,
    }
  }
}

serve(operations)
