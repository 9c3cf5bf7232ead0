/** Presentities whose phones say something else all the time; what has been said, and what of it was acknowledged. */
import { Pace } from '../load/in-turn.ts'
import { field, newCallId, publish, uri } from '../load/sip-messages.ts'
import { type SoakClient, statusOf } from './client.ts'

export interface Presentity {
  readonly user: string
  readonly callId: string
  cseq: number
  etag: string
  /** Of the latest state that was sent. */
  sent: number
  /** Of the latest state that was acknowledged: no watcher may be told an earlier one any more. */
  acknowledged: number
  busy: boolean
}

const PUBLICATION_SECONDS = 3_600
const RETRY_MS = 500
const CALL_ID_BASE = 10_000_000

export class Publishers {
  readonly presentities: readonly Presentity[]
  readonly #client: SoakClient
  readonly #working = new Set<Promise<void>>()
  #isStopped = true
  /** PUBLISHes that found their entity-tag unknown: the answer before was lost. */
  lostAnswers = 0
  published = 0

  constructor(client: SoakClient, users: readonly string[]) {
    this.#client = client
    this.presentities = users.map((user, at) => ({
      ...{ user, callId: newCallId(CALL_ID_BASE + at), cseq: 0, etag: '' },
      ...{ sent: 0, acknowledged: 0, busy: false },
    }))
  }

  /** Says the next state of one of them; resolves when it is acknowledged, however long the server is away. */
  async publish(presentity: Presentity): Promise<void> {
    presentity.busy = true
    presentity.sent += 1
    for (;;) {
      const response = await this.#send(presentity)
      const status = statusOf(response)
      if (status === 200 && response) {
        presentity.etag = field(response, 'SIP-ETag')
        break
      }
      if (status === 412) {
        // RFC 3903 §4.3: as if there had been none.
        this.lostAnswers += 1
        presentity.etag = ''
      } else if (status !== 0 && status !== 503) throw new Error(`PUBLISH: ${response}`)
      else await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
    presentity.acknowledged = presentity.sent
    presentity.busy = false
    this.published += 1
  }

  /** Until `stop`, somebody says something new, so many times a second. */
  async work(perSecond: number): Promise<void> {
    this.#isStopped = false
    const pace = new Pace(perSecond)
    for (let at = 0; !this.#isStopped; at += 1) {
      await pace.next()
      const presentity = this.presentities[at % this.presentities.length]
      if (!presentity || presentity.busy) continue
      const working = this.publish(presentity).finally(() => this.#working.delete(working))
      this.#working.add(working)
    }
    await Promise.all(this.#working)
  }

  stop(): void {
    this.#isStopped = true
  }

  #send(presentity: Presentity): Promise<string | undefined> {
    const { user, callId, etag, sent } = presentity
    presentity.cseq += 1
    const request = { link: this.#client.udp, user, callId, cseq: presentity.cseq, etag }
    const body = document(user, sent)
    return this.#client.request(
      publish({ ...request, expires: PUBLICATION_SECONDS, body }),
      this.#client.udp,
    )
  }
}

const STATE = />state (\d+)</g

/** The number of the latest state in a document; `undefined` where it shows none. */
export function stateIn(body: string): number | undefined {
  const states = [...body.matchAll(STATE)].map((match) => Number(match[1]))
  return states.length === 0 ? undefined : Math.max(...states)
}

/** He is never free: that a server may tell a moment later. */
function document(user: string, n: number): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\r\n' +
    '<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"' +
    ` xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${uri(user)}">` +
    '<tuple id="phone"><status><basic>open</basic></status></tuple>' +
    `<dm:person id="p1"><rpid:activities><rpid:${n % 2 === 0 ? 'meeting' : 'on-the-phone'}/></rpid:activities>` +
    `<dm:note>state ${n}</dm:note></dm:person></presence>\r\n`
  )
}
