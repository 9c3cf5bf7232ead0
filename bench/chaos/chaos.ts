/**
 * Clients that talk to each other while their connections break at random places, and that go on with their sessions
 * over whatever transport comes (XEP-0198). What each of them got is compared with what the others sent.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { ManagedClient, type ManagedStream } from '../../test/support/managed-client.ts'
import { Random } from './random.ts'

/** Signs a user in, up to where a resource is bound. */
export type Transport = (user: string) => Promise<ManagedStream>

export interface ChaosOptions {
  /** Bare JIDs; each has several clients. */
  readonly users: readonly string[]
  readonly clientsEach: number
  readonly transports: Readonly<Record<string, Transport>>
  /** Asked between two breaks of a client: whether it has had enough. */
  isOver(breaks: number): boolean
  readonly seed: number
}

export interface ChaosCounts {
  sent: number
  delivered: number
  lost: number
  twice: number
  /** Came behind one that was sent after it. */
  disordered: number
  breaks: number
  /** By transport. */
  readonly resumed: Record<string, number>
  /** Connections that broke again before the session went on. */
  brokenAgain: number
  /** The server did not know the session any more. */
  refused: number
  /** Answers with an error that a message came back with. */
  bounced: number
}

/** Nothing more has come for so long: what has not is lost. */
const LOST_AFTER_MS = 20_000
const MAX_BURST = 8
const MAX_PAUSE_MS = 4
const BUSY_MS = 500

export async function runChaos(options: ChaosOptions): Promise<ChaosCounts> {
  const counts = newCounts(Object.keys(options.transports))
  const random = new Random(options.seed)
  const actors = options.users.flatMap((user) =>
    Array.from({ length: options.clientsEach }, (_, n) => {
      return new Actor({ user, name: `${user}/chaos${n}`, options, counts, random })
    }),
  )
  for (const actor of actors) await actor.begin()
  await Promise.all(actors.map((actor) => actor.act(actors)))
  await settled(actors, counts)
  judge(actors, counts)
  for (const actor of actors) await actor.end()
  return counts
}

interface ActorDeps {
  readonly user: string
  readonly name: string
  readonly options: ChaosOptions
  readonly counts: ChaosCounts
  readonly random: Random
}

class Actor {
  readonly name: string
  readonly client = new ManagedClient()
  /** By whom they were sent to. */
  readonly sent = new Map<string, number>()
  readonly #deps: ActorDeps
  #breaking: Promise<void> | undefined

  constructor(deps: ActorDeps) {
    this.#deps = deps
    this.name = deps.name
  }

  async begin(): Promise<void> {
    const { user, options, random } = this.#deps
    const stream = await random.pick(Object.values(options.transports))(user)
    await this.client.begin(stream, this.name.slice(this.name.indexOf('/') + 1))
    this.client.send("<presence xmlns='jabber:client'/>")
  }

  async act(others: readonly Actor[]): Promise<void> {
    const { options, random, counts } = this.#deps
    while (!options.isOver(counts.breaks)) {
      for (let n = random.below(MAX_BURST); n > 0; n -= 1) this.client.send(this.#next(others))
      await this.#pause()
      counts.breaks += 1
      if (random.once(3)) await this.client.cut()
      else await this.#breakWithin(this.#next(others))
      if (random.once(3)) await this.#pause()
      await this.#resume()
      if (random.once(2)) await this.#pause()
    }
    await this.#breaking
    await this.#finish()
  }

  /** Nothing breaks any more. */
  async #finish(): Promise<void> {
    for (;;) {
      try {
        await this.client.acknowledged()
        return
      } catch {
        await this.#resume('calmly')
      }
    }
  }

  async end(): Promise<void> {
    await this.client.cut()
  }

  get received(): number {
    return this.client.received.length
  }

  /** Tries until a session is there, over another transport each time; most connections break again first. */
  async #resume(how: 'calmly' | 'wildly' = 'wildly'): Promise<void> {
    const { user, options, random, counts } = this.#deps
    for (;;) {
      const [name, connect] = random.pick(Object.entries(options.transports))
      try {
        const stream = await connect(user)
        if (how === 'wildly' && random.once(4)) this.#breaking = this.#breakSoon(stream)
        await this.client.resume(stream)
        counts.resumed[name] = (counts.resumed[name] ?? 0) + 1
        return
      } catch (error) {
        if (/<failed/.test(String(error))) {
          counts.refused += 1
          throw error
        }
        counts.brokenAgain += 1
        // A server that is busy turns newcomers away for a moment.
        if (/resource-constraint/.test(String(error))) await wait(BUSY_MS)
      }
    }
  }

  async #breakWithin(stanza: string): Promise<void> {
    await this.client.breakWithin(stanza, this.#deps.random.below(stanza.length + 1))
  }

  /** While the client asks for its session, or when it has just got it. */
  async #breakSoon(stream: ManagedStream): Promise<void> {
    for (let turns = this.#deps.random.below(30); turns > 0; turns -= 1) await turn()
    await stream.cut()
  }

  #next(others: readonly Actor[]): string {
    const { random, counts } = this.#deps
    const to = random.pick(others).name
    const number = (this.sent.get(to) ?? 0) + 1
    this.sent.set(to, number)
    counts.sent += 1
    const padding = 'x'.repeat(random.below(200))
    return `<message xmlns='jabber:client' to='${to}' type='chat'><body>${this.name} ${number}</body><x xmlns='urn:example:chaos'>${padding}</x></message>`
  }

  async #pause(): Promise<void> {
    const { random } = this.#deps
    if (random.once(2)) await turn()
    else await wait(random.below(MAX_PAUSE_MS))
  }
}

/** Resolves when all is there, or when nothing has come for long. */
async function settled(actors: readonly Actor[], { sent }: ChaosCounts): Promise<void> {
  const came = () => actors.reduce((sum, { client }) => sum + client.bodies().length, 0)
  let last = came()
  for (let quietMs = 0; last < sent && quietMs < LOST_AFTER_MS; quietMs += 50) {
    await wait(50)
    const now = came()
    if (now !== last) quietMs = 0
    last = now
  }
}

function judge(actors: readonly Actor[], counts: ChaosCounts): void {
  for (const receiver of actors) {
    counts.bounced += receiver.client.received.filter(({ attrs }) => attrs.type === 'error').length
    const came = new Map<string, number[]>()
    for (const body of receiver.client.bodies()) {
      const [from = '', number] = body.split(' ')
      came.set(from, [...(came.get(from) ?? []), Number(number)])
    }
    for (const sender of actors) {
      const numbers = came.get(sender.name) ?? []
      const distinct = new Set(numbers)
      counts.delivered += distinct.size
      counts.twice += numbers.length - distinct.size
      counts.lost += (sender.sent.get(receiver.name) ?? 0) - distinct.size
      counts.disordered += numbers.filter((number, at) => number < (numbers[at - 1] ?? 0)).length
    }
  }
}

function newCounts(transports: readonly string[]): ChaosCounts {
  return {
    ...{ sent: 0, delivered: 0, lost: 0, twice: 0, disordered: 0, breaks: 0 },
    ...{ brokenAgain: 0, refused: 0, bounced: 0 },
    resumed: Object.fromEntries(transports.map((name) => [name, 0])),
  }
}
