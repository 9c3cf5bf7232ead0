/** One XMPP client that costs next to nothing: a socket, and just enough looking at what comes. */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'

export interface LoadTarget {
  readonly port: number
  readonly domain: string
  readonly password: string
}

const derive = promisify(pbkdf2)
/** Salted passwords by salt: the second time somebody signs in, the load generator has nothing to hash. */
const salted = new Map<string, Promise<Buffer>>()

const sha1 = (data: Buffer) => createHash('sha1').update(data).digest()
const hmac = (key: Buffer, text: string) => createHmac('sha1', key).update(text).digest()
const base64 = (text: string) => Buffer.from(text).toString('base64')

export class LoadClient {
  readonly #target: LoadTarget
  readonly #user: string
  readonly #socket: Socket
  /** What has come and is not complete. */
  #text = ''
  #received = 0
  #expected = 0
  #wanted = ''
  #wake: ((text: string) => void) | undefined
  #fail: ((error: Error) => void) | undefined
  #leaving = false

  constructor(target: LoadTarget, user: string) {
    this.#target = target
    this.#user = user
    this.#socket = connect(target.port, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')))
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => this.#ended())
  }

  /** SCRAM-SHA-1, a resource, initial presence; resolves when that has come back. Rejects where anything fails. */
  async signIn(): Promise<void> {
    const nonce = randomBytes(12).toString('base64')
    const bare = `n=${this.#user},r=${nonce}`
    await this.#ask(this.#header(), '</stream:features>')
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${base64(`n,,${bare}`)}</auth>`
    const challenge = await this.#ask(auth, '</challenge>')
    const first = Buffer.from(inside(challenge), 'base64').toString()
    const final = base64(await this.#proof(bare, first))
    await this.#ask(
      `<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${final}</response>`,
      '</success>',
    )
    await this.#ask(this.#header(), '</stream:features>')
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind>`
    await this.#ask(`<iq type='set' id='bind'>${bind}</iq>`, '</iq>')
    await this.#ask('<presence/>', '<presence')
    this.#text = ''
  }

  /** Sends so many messages at once; resolves when as many have come. */
  async chat(peer: string, count: number): Promise<void> {
    this.#expected += count
    const all = new Promise<string>((resolve, reject) => {
      this.#wake = resolve
      this.#fail = reject
    })
    let stanzas = ''
    for (let n = 0; n < count; n += 1) {
      stanzas += `<message to='${peer}@${this.#target.domain}' type='chat' id='m${n}'><body>Shall we meet at ten in the room by the kitchen?</body></message>`
    }
    this.#socket.write(stanzas)
    if (this.#received < this.#expected) await all
  }

  /** Says goodbye; resolves when the server has hung up. */
  async leave(): Promise<void> {
    this.#leaving = true
    const gone = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end('</stream:stream>')
    await gone
  }

  #header(): string {
    return `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${this.#target.domain}' version='1.0'>`
  }

  /** Sends, and answers what has come once `end` is in it. */
  #ask(text: string, end: string): Promise<string> {
    this.#text = ''
    this.#wanted = end
    return new Promise((resolve, reject) => {
      this.#wake = resolve
      this.#fail = reject
      this.#socket.write(text)
    })
  }

  async #proof(bare: string, serverFirst: string): Promise<string> {
    const [, nonce = '', salt = '', rounds = ''] = /^r=(.+),s=(.+),i=(\d+)$/.exec(serverFirst) ?? []
    let deriving = salted.get(salt)
    if (!deriving) {
      const bytes = Buffer.from(salt, 'base64')
      deriving = derive(this.#target.password, bytes, Number(rounds), 20, 'sha1')
      salted.set(salt, deriving)
    }
    const clientKey = hmac(await deriving, 'Client Key')
    const final = `c=biws,r=${nonce}`
    const signature = hmac(sha1(clientKey), `${bare},${serverFirst},${final}`)
    const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
    return `${final},p=${proof.toString('base64')}`
  }

  #read(text: string): void {
    this.#text += text
    if (/type='error'|<failure|<stream:error/.test(this.#text)) {
      this.#failed(new Error(`refused: ${this.#text}`))
      return
    }
    if (this.#wanted !== '') {
      if (!this.#text.includes(this.#wanted)) return
      this.#wanted = ''
      this.#wake?.(this.#text)
      return
    }
    const parts = this.#text.split('</message>')
    this.#received += parts.length - 1
    this.#text = parts.at(-1) ?? ''
    if (this.#expected > 0 && this.#received >= this.#expected) this.#wake?.('')
  }

  #ended(): void {
    if (!this.#leaving) this.#failed(new Error('the server hung up'))
  }

  #failed(error: Error): void {
    this.#fail?.(error)
    this.#socket.destroy()
  }
}

/** The text of the last element in `xml`. */
function inside(xml: string): string {
  return /<\w+[^>]*>([^<]*)<\/\w+>$/.exec(xml)?.[1] ?? ''
}
