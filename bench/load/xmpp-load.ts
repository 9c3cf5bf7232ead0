/** Many XMPP clients in one process: what scenarios have them do. */
import { createSecureContext } from 'node:tls'
import { quantile, serve } from '../harness/generator.ts'
import { DOMAIN, userName } from '../harness/scenario.ts'
import type { Timed } from '../harness/span.ts'
import { type Target, XmppClient } from './xmpp-client.ts'

/** What takes longer has failed. */
const PHASE_DEADLINE_MS = 120_000
const BODY =
  'Shall we meet at ten in the room by the kitchen? I bring the plans, the figures and cake for all of us.'
    .padEnd(100)
    .slice(0, 100)

/** So many clients, from user number `first` on, so many of them at a time. */
export interface Crowd extends Target {
  readonly first: number
  readonly count: number
  readonly concurrency: number
}

/** X25519, which every server knows; Node alone would offer, and cost its server, ML-KEM besides. */
const shared = { secureContext: createSecureContext({ ecdhCurve: 'X25519' }) }
/** By number of the user. */
const clients = new Map<number, XmppClient>()
/** The first thing that went wrong, told by whatever operation is under way. */
let failure: PromiseWithResolvers<never>
resetFailure()

const operations = {
  /** Makes accounts. */
  async register({ first, count, concurrency, ...target }: Crowd): Promise<void> {
    await each(first, count, concurrency, async (n) => {
      await new XmppClient(target, shared, userName(n)).register()
    })
  },

  async signIn({ first, count, concurrency, ...target }: Crowd): Promise<Timed> {
    const times: number[] = []
    const began = performance.now()
    await each(first, count, concurrency, async (n) => {
      const startedAt = performance.now()
      const client = new XmppClient(target, shared, userName(n))
      client.onFailure = (error) => failure.reject(error)
      clients.set(n, client)
      await client.signIn()
      times.push(performance.now() - startedAt)
    })
    return timed(times, began)
  },

  /** Each asks the server for a sign of life (XEP-0199). Resolves with how many got one. */
  async ping({ concurrency }: { concurrency: number }): Promise<number> {
    const all = [...clients.values()]
    let alive = 0
    await each(0, all.length, concurrency, async (n) => {
      await all[n]?.ping()
      alive += 1
    })
    return alive
  },

  async leave(_: object): Promise<void> {
    const leaving = [...clients.values()]
    clients.clear()
    await Promise.all(leaving.map((client) => client.leave()))
  },

  /** `contact` numbers subscribe to the presentity, who answers; both sides are signed in. */
  async befriend({ presentity, first, count }: Friends): Promise<void> {
    const owner = client(presentity)
    const subscribing = new Set(range(first, count).map(userName))
    owner.onText = lines(/<presence[^>]*type=["']subscribe["'][^>]*>/g, (stanza) => {
      const from = /from=["']([^"'/]+)/.exec(stanza)?.[1]
      owner.send(`<presence to='${from}' type='subscribed'/>`)
    })
    const granted = range(first, count).map(
      (n) =>
        new Promise<void>((resolve) => {
          const contact = client(n)
          contact.onText = lines(/<presence[^>]*type=["']subscribed["'][^>]*>/g, () => {
            subscribing.delete(contact.user)
            resolve()
          })
          contact.send(`<presence to='${userName(presentity)}@${DOMAIN}' type='subscribe'/>`)
        }),
    )
    await within(Promise.all(granted), () => `${subscribing.size} are not subscribed`)
  },

  /** The first of each pair sends to the second, so many messages under way at any time. */
  async chat({ pairs, window, ms }: ChatLoad): Promise<Timed> {
    const times: number[] = []
    const began = performance.now()
    const until = began + ms
    const all = range(0, pairs).map((pair) => {
      const sender = client(2 * pair)
      const receiver = client(2 * pair + 1)
      return converse({ sender, receiver, window, until, times })
    })
    await within(Promise.all(all), () => `${times.length} messages came`)
    return timed(times, began)
  },

  /** One after the other, each change of the presentity's presence reaches every contact. */
  async fanOut({ presentity, first, count, ms }: FanOutLoad): Promise<Timed> {
    const times: number[] = []
    const owner = client(presentity)
    const from = `${userName(presentity)}@`
    let missing = 0
    let sentAt = 0
    let round = Promise.withResolvers<void>()
    for (const n of range(first, count)) {
      client(n).onText = lines(/<presence[^>]*from=["']([^"']+)["'].*?<\/presence>/gs, (stanza) => {
        if (!stanza.includes(from)) return
        times.push(performance.now() - sentAt)
        missing -= 1
        if (missing === 0) round.resolve()
      })
    }
    owner.onText = undefined
    const began = performance.now()
    for (let n = 0; performance.now() < began + ms; n += 1) {
      missing = count
      round = Promise.withResolvers()
      sentAt = performance.now()
      const show = n % 2 === 0 ? 'away' : 'xa'
      owner.send(`<presence><show>${show}</show><status>Back at ${n % 24}:00</status></presence>`)
      await within(round.promise, () => `${missing} of ${count} were not told`)
    }
    if (missing < 0) throw new Error(`${-missing} were told twice`)
    return timed(times, began)
  },
}

export type XmppOperations = typeof operations

interface Friends {
  readonly presentity: number
  readonly first: number
  readonly count: number
}

interface ChatLoad {
  readonly pairs: number
  readonly window: number
  readonly ms: number
}

interface FanOutLoad extends Friends {
  readonly ms: number
}

interface Conversation {
  readonly sender: XmppClient
  readonly receiver: XmppClient
  readonly window: number
  readonly until: number
  /** Of all conversations. */
  readonly times: number[]
}

/** Resolves when all that was sent has come. A stream keeps order: the n-th that comes is the n-th sent. */
function converse({ sender, receiver, window, until, times }: Conversation): Promise<void> {
  const done = Promise.withResolvers<void>()
  const sentAt: number[] = []
  let received = 0
  const message = `<message to='${receiver.user}@${DOMAIN}/load' type='chat' id='`
  const send = (count: number) => {
    const now = performance.now()
    let stanzas = ''
    for (let n = 0; n < count; n += 1) {
      stanzas += `${message}m${sentAt.length}'><body>${BODY}</body></message>`
      sentAt.push(now)
    }
    sender.send(stanzas)
  }
  receiver.onText = counter('</message>', (count) => {
    const now = performance.now()
    for (let n = 0; n < count; n += 1) times.push(now - (sentAt[received++] ?? now))
    if (now < until) send(count)
    else if (received === sentAt.length) done.resolve()
  })
  send(window)
  return done.promise
}

/** Counts a text in what comes in pieces. */
function counter(wanted: string, found: (count: number) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const all = rest + text
    let count = 0
    let end = 0
    for (;;) {
      const at = all.indexOf(wanted, end)
      if (at < 0) break
      count += 1
      end = at + wanted.length
    }
    rest = all.slice(Math.max(end, all.length - wanted.length + 1))
    if (count > 0) found(count)
  }
}

/** Finds what matches in what comes in pieces; what has not ended is kept. */
function lines(wanted: RegExp, found: (match: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    rest += text
    let end = 0
    for (const match of rest.matchAll(wanted)) {
      end = match.index + match[0].length
      found(match[0])
    }
    rest = rest.slice(end)
  }
}

async function each(
  first: number,
  count: number,
  concurrency: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = first
  const one = async () => {
    while (next < first + count) await work(next++)
  }
  await within(Promise.all(Array.from({ length: concurrency }, one)), () => `at user ${next}`)
}

/** Rejects with what failed in any client, and where it takes too long with what is missing. */
async function within<T>(work: Promise<T>, missing: () => string): Promise<T> {
  const late = Promise.withResolvers<never>()
  const deadline = setTimeout(
    () => late.reject(new Error(`too late: ${missing()}`)),
    PHASE_DEADLINE_MS,
  )
  try {
    return await Promise.race([work, failure.promise, late.promise])
  } catch (error) {
    resetFailure()
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

function resetFailure(): void {
  failure = Promise.withResolvers()
  // Nobody may be waiting when it happens; the next operation tells it.
  failure.promise.catch(() => undefined)
}

function client(n: number): XmppClient {
  const found = clients.get(n)
  if (!found) throw new Error(`${userName(n)} has not signed in`)
  return found
}

function timed(times: readonly number[], began: number): Timed {
  return {
    operations: times.length,
    ms: performance.now() - began,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  }
}

const range = (first: number, count: number) => Array.from({ length: count }, (_, n) => first + n)

serve(operations)
