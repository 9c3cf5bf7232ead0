/** Chromium without a window, steered over its DevTools protocol. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { temporaryDirectory } from '../../support/temporary.ts'
import type { Event } from './driven-client.ts'
import { Inbox } from './inbox.ts'

type Values = Readonly<Record<string, unknown>>

interface Answer {
  readonly result: Values
  readonly error?: { readonly message: string }
}

interface Notice {
  readonly method: string
  readonly sessionId: string
  readonly params: Values
}

const FLAGS = [
  '--headless=new',
  '--no-sandbox', // with one it refuses to run as root
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-background-timer-throttling', // two pages, of which one is behind the other
  '--remote-debugging-port=0',
]

export class Chromium implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #socket: WebSocket
  readonly #answers = new Map<number, (answer: Answer) => void>()
  readonly #pages = new Map<string, Page>()
  #ids = 0

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.#child = child
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => this.#take(JSON.parse(String(data))))
  }

  /** `trusted`: SHA-256 digests of public keys that need no authority, in base64. */
  static async start(trusted: readonly string[]): Promise<Chromium> {
    const profile = temporaryDirectory()
    const keys = `--ignore-certificate-errors-spki-list=${trusted.join(',')}`
    const child = spawn('chromium', [...FLAGS, `--user-data-dir=${profile.path}`, keys], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.once('close', () => profile[Symbol.dispose]())
    const words = createInterface({ input: child.stderr })
    const url = new Inbox<string>()
    words.on('line', (line) => url.push(line))
    words.on('close', () => url.end())
    const line = await url.expect((line) => line.startsWith('DevTools listening on '), 'Chromium')
    const socket = new WebSocket(line.split(' ').at(-1) ?? '')
    await once(socket, 'open')
    return new Chromium(child, socket)
  }

  /** Opens a page that tells its events by calling `report` with JSON, `ready` first. */
  async open(url: string): Promise<Page> {
    const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' })
    const attached = await this.#send('Target.attachToTarget', { targetId, flatten: true })
    const session = String(attached.sessionId)
    const page = new Page((method, params) => this.#send(method, params, session))
    this.#pages.set(session, page)
    await this.#send('Runtime.enable', {}, session)
    await this.#send('Runtime.addBinding', { name: 'report' }, session)
    await this.#send('Page.navigate', { url }, session)
    await page.expect('ready')
    return page
  }

  async #send(method: string, params: Values, sessionId?: string): Promise<Values> {
    this.#ids += 1
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#answers.set(this.#ids, resolve)
    this.#socket.send(JSON.stringify({ id: this.#ids, method, params, sessionId }))
    const { result, error } = await promise
    if (error) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'close')
    this.#socket.send(JSON.stringify({ id: 0, method: 'Browser.close' }))
    await gone
  }

  #take(message: (Answer & { readonly id: number }) | (Notice & { readonly id?: undefined })) {
    if (message.id === undefined) {
      this.#pages.get(message.sessionId)?.notice(message)
      return
    }
    this.#answers.get(message.id)?.(message)
    this.#answers.delete(message.id)
  }
}

export class Page {
  readonly #events: Inbox<Event> = new Inbox(() => this.#noise.join('\n'))
  readonly #send: (method: string, params: Values) => Promise<Values>
  readonly #noise: string[] = []

  constructor(send: (method: string, params: Values) => Promise<Values>) {
    this.#send = send
  }

  /** The first event of this name that matches, past or to come. */
  expect(event: string, matches: (event: Event) => boolean = () => true): Promise<Event> {
    return this.#events.expect((one) => one.event === event && matches(one), event)
  }

  /** What the page’s function answers, or what its promise resolves with. Throws what it throws. */
  async call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const expression = `${name}(${args.map((arg) => JSON.stringify(arg)).join(', ')})`
    const params = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', params)
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`)
    return (result as { value?: unknown }).value
  }

  notice({ method, params }: Notice): void {
    if (method === 'Runtime.bindingCalled') this.#events.push(JSON.parse(String(params.payload)))
    else if (/exception|console/.test(method)) this.#noise.push(JSON.stringify(params))
  }
}
