/** XEP-0124 §14: whatever gets lost or overtaken, each payload comes once, and in order, both ways. */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type BoshBody, parseBody } from '../../../src/xmpp/http/bosh/body.ts'
import { Exchange, type ExchangeUser } from '../../../src/xmpp/http/bosh/exchange.ts'
import type { Answer, BoshRequest, Reply } from '../../../src/xmpp/http/bosh/request.ts'
import type { Terms } from '../../../src/xmpp/http/bosh/terms.ts'
import { body } from '../../support/bosh-client.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LIMITS } from '../../support/stream-client.ts'

const TERMS: Terms = {
  version: '1.11',
  waitMs: 60_000,
  hold: 1,
  requests: 2,
  pollingMs: 0,
  inactivityMs: 90_000,
  maxPauseMs: 0,
  acknowledges: false,
  content: 'text/xml',
}

/** What stands for a connection with one request on it. */
class Connection implements Reply {
  onGone: (() => void) | undefined
  readonly #answered: (body: string) => void

  constructor(answered: (body: string) => void) {
    this.#answered = answered
  }

  send({ body: text }: Answer, taken?: () => void): void {
    taken?.()
    this.#answered(text)
  }
}

/** Answers each request with as many payloads as its own says, some of them at once. */
class Server implements ExchangeUser {
  readonly isAtWork = false
  readonly received: string[] = []
  readonly sent: string[] = []
  isBroken = false
  exchange: Exchange | undefined

  came({ body: { payloads } }: BoshRequest): void {
    for (const payload of payloads) {
      this.received.push(payload.name)
      for (let count = Number(payload.attr('answers')); count > 0; count--) this.say()
    }
  }

  say(): void {
    const name = `s${this.sent.length}`
    this.sent.push(name)
    this.exchange?.push(`<${name}/>`)
  }

  broke(): void {
    this.isBroken = true
  }

  left(): void {}
  forgotten(): void {}
}

interface Flight {
  readonly text: string
  connection: Connection | undefined
}

class Client {
  readonly sent: string[] = []
  readonly received: string[] = []
  readonly #exchange: Exchange
  readonly #flights = new Map<number, Flight>()
  readonly #early = new Map<number, BoshBody>()
  /** Answers that get lost on their way. */
  losses = 0
  #rid: number
  #next: number

  constructor(exchange: Exchange, rid: number) {
    this.#exchange = exchange
    this.#rid = rid
    this.#next = rid + 1
  }

  get isWaiting(): boolean {
    return this.#flights.size > 0
  }

  /** Makes a request, which is not on its way yet. */
  begin(answers: number | undefined): void {
    if (this.#flights.size >= TERMS.requests) return
    this.#rid += 1
    const payload = answers === undefined ? '' : `<c${this.sent.length} answers='${answers}'/>`
    if (answers !== undefined) this.sent.push(`c${this.sent.length}`)
    this.#flights.set(this.#rid, {
      text: body(`rid='${this.#rid}'`, payload),
      connection: undefined,
    })
  }

  /** One that has not got to the server gets there, the oldest or the newest. */
  deliver(newest: boolean): void {
    const waiting = [...this.#flights].filter(([, flight]) => !flight.connection)
    const found = newest ? waiting.at(-1) : waiting.at(0)
    if (!found) return
    const [rid, flight] = found
    const connection = new Connection((text) => this.#answered(rid, connection, text))
    flight.connection = connection
    const parsed = parseBody(Buffer.from(flight.text), LIMITS)
    this.#exchange.take({ rid, body: parsed, bytes: 1, reply: connection })
  }

  /** A connection breaks; the server notices, or does not. */
  cut(noticed: boolean): void {
    for (const flight of this.#flights.values()) {
      const { connection } = flight
      if (!connection) continue
      flight.connection = undefined
      if (noticed) connection.onGone?.()
      return
    }
  }

  #answered(rid: number, connection: Connection, text: string): void {
    const flight = this.#flights.get(rid)
    // On a connection that broke: nobody hears it.
    if (flight?.connection !== connection) return
    if (this.losses > 0) {
      this.losses -= 1
      flight.connection = undefined
      return
    }
    this.#flights.delete(rid)
    this.#early.set(rid, parseBody(Buffer.from(text), LIMITS))
    for (let next = this.#early.get(this.#next); next; next = this.#early.get(this.#next)) {
      this.#early.delete(this.#next)
      this.#next += 1
      this.received.push(...next.payloads.map(({ name }) => name))
    }
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Numbers that say what happens next. */
async function run(steps: readonly number[]): Promise<void> {
  const server = new Server()
  const first = parseBody(Buffer.from(body(`rid='1000'`)), LIMITS)
  const begun = { rid: 1000, body: first, bytes: 1, reply: new Connection(() => undefined) }
  const exchange = new Exchange(new FakeClock(), TERMS, server, begun)
  server.exchange = exchange
  exchange.push('<features/>')
  await turn()
  const client = new Client(exchange, 1000)
  for (const step of steps) {
    const [what, more] = [step % 8, Math.floor(step / 8)]
    if (what <= 2) client.begin(more % 3)
    else if (what <= 4) client.deliver(more % 2 === 1)
    else if (what === 5) client.cut(more % 2 === 1)
    else if (what === 6) client.losses = more % 2
    else server.say()
    if (step % 3 === 0) await turn()
  }
  client.losses = 0
  // From here on nothing gets lost any more.
  const isDone = () =>
    client.received.length >= server.sent.length && server.received.length >= client.sent.length
  for (let round = 0; !isDone(); round++) {
    assert.ok(!server.isBroken, 'the rules were kept')
    assert.ok(round < 1000, 'it goes on')
    client.begin(undefined)
    client.deliver(false)
    await turn()
  }
  assert.deepEqual(server.received, client.sent)
  assert.deepEqual(client.received, server.sent)
}

it('each payload comes once and in order, whatever gets lost or overtaken', async () => {
  const steps = fc.array(fc.nat(47), { maxLength: 120 })
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 300 })
})
