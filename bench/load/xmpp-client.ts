/**
 * An XMPP client that costs next to nothing: a socket, and just enough looking at what comes. It
 * knows what its scenario sends it, and nothing else.
 */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { type SecureContext, connect as secure } from 'node:tls'
import { promisify } from 'node:util'
import { DOMAIN, PASSWORD } from '../harness/scenario.ts'

export interface Target {
  readonly port: number
  readonly tls: boolean
}

/** Shared by all: reading trust anchors for each client would be the most of what it costs. */
export interface Shared {
  readonly secureContext: SecureContext
}

const derive = promisify(pbkdf2)
/** Salted passwords by salt: who signs in again has nothing to hash. */
const salted = new Map<string, Promise<Buffer>>()

const STREAM = `<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='${DOMAIN}' version='1.0'>`
const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
/** Complete, with children or without. */
const IQ_ANSWER = /<\/iq>|<iq[^>]*\/>/
const REFUSAL = /<failure|<stream:error|type=["']error["']/

export class XmppClient {
  readonly user: string
  readonly #target: Target
  readonly #shared: Shared
  #socket: Socket
  /** What has come of an answer that is not complete. */
  #text = ''
  #end: string | RegExp = ''
  #answer: PromiseWithResolvers<string> | undefined
  /** Takes what comes between answers. */
  onText: ((text: string) => void) | undefined
  /** Called where the server refuses, or ends the stream before `leave`. */
  onFailure: (error: Error) => void = () => undefined
  #leaving = false

  constructor(target: Target, shared: Shared, user: string) {
    this.#target = target
    this.#shared = shared
    this.user = user
    this.#socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
    this.#listen()
  }

  /** SCRAM-SHA-1, a resource, the roster, initial presence: resolves when that has come back. */
  async signIn(): Promise<void> {
    await this.#open()
    const nonce = randomBytes(12).toString('base64')
    const bare = `n=${this.user},r=${nonce}`
    const auth = base64(`n,,${bare}`)
    const challenge = await this.ask(
      `<auth ${SASL} mechanism='SCRAM-SHA-1'>${auth}</auth>`,
      '</challenge>',
    )
    const first = Buffer.from(inside(challenge), 'base64').toString()
    const final = base64(await proof(bare, first))
    await this.ask(`<response ${SASL}>${final}</response>`, '</success>')
    await this.ask(STREAM, '</stream:features>')
    const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind>`
    await this.ask(`<iq type='set' id='bind'>${bind}</iq>`, '</iq>')
    await this.ask(`<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>`, IQ_ANSWER)
    await this.ask('<presence/>', '<presence')
  }

  /** Makes the account (XEP-0077), and leaves. */
  async register(): Promise<void> {
    await this.#open()
    const fields = `<username>${this.user}</username><password>${PASSWORD}</password>`
    const query = `<query xmlns='jabber:iq:register'>${fields}</query>`
    await this.ask(`<iq type='set' id='register' to='${DOMAIN}'>${query}</iq>`, IQ_ANSWER)
    await this.leave()
  }

  async ping(): Promise<void> {
    const ping = `<ping xmlns='urn:xmpp:ping'/>`
    await this.ask(`<iq type='get' id='ping' to='${DOMAIN}'>${ping}</iq>`, IQ_ANSWER)
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  /** Sends, and answers what has come once `end` is in it. */
  ask(text: string, end: string | RegExp): Promise<string> {
    this.#text = ''
    this.#end = end
    this.#answer = Promise.withResolvers()
    this.#socket.write(text)
    return this.#answer.promise
  }

  /** Resolves when the server has hung up. */
  async leave(): Promise<void> {
    this.#leaving = true
    if (this.#socket.destroyed) return
    const gone = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end('</stream:stream>')
    await gone
  }

  async #open(): Promise<void> {
    await this.ask(STREAM, '</stream:features>')
    if (!this.#target.tls) return
    await this.ask("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", '<proceed')
    await this.#secure()
    await this.ask(STREAM, '</stream:features>')
  }

  async #secure(): Promise<void> {
    const { secureContext } = this.#shared
    this.#socket.removeAllListeners('data')
    this.#socket.removeAllListeners('close')
    this.#socket = secure({
      socket: this.#socket,
      secureContext,
      servername: DOMAIN,
      // Certificates are the servers' own; what is measured is theirs.
      rejectUnauthorized: false,
    })
    await new Promise((resolve, reject) => {
      this.#socket.once('secureConnect', resolve)
      this.#socket.once('error', reject)
    })
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('data', (chunk) => this.#read(chunk.toString('latin1')))
    this.#socket.on('error', (error) => this.#failed(error))
    this.#socket.on('close', () => {
      if (!this.#leaving) this.#failed(new Error('the server hung up'))
    })
  }

  #read(text: string): void {
    if (!this.#answer) {
      this.onText?.(text)
      return
    }
    this.#text += text
    if (REFUSAL.test(this.#text)) this.#failed(new Error(`refused: ${this.#text}`))
    const isComplete =
      typeof this.#end === 'string' ? this.#text.includes(this.#end) : this.#end.test(this.#text)
    if (!isComplete) return
    const { resolve } = this.#answer
    this.#answer = undefined
    resolve(this.#text)
  }

  #failed(error: Error): void {
    const named = new Error(`${this.user}: ${error.message}`)
    this.#answer?.reject(named)
    this.onFailure(named)
    this.#socket.destroy()
  }
}

async function proof(bare: string, serverFirst: string): Promise<string> {
  const [, nonce = '', salt = '', rounds = ''] = /^r=(.+),s=(.+),i=(\d+)$/.exec(serverFirst) ?? []
  let deriving = salted.get(salt)
  if (!deriving) {
    deriving = derive(PASSWORD, Buffer.from(salt, 'base64'), Number(rounds), 20, 'sha1')
    salted.set(salt, deriving)
  }
  const clientKey = hmac(await deriving, 'Client Key')
  const final = `c=biws,r=${nonce}`
  const signature = hmac(sha1(clientKey), `${bare},${serverFirst},${final}`)
  const bytes = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0)))
  return `${final},p=${bytes.toString('base64')}`
}

const sha1 = (data: Buffer) => createHash('sha1').update(data).digest()
const hmac = (key: Buffer, text: string) => createHmac('sha1', key).update(text).digest()
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** The text of the last element in `xml`. */
const inside = (xml: string) => /<\w+[^>]*>([^<]*)<\/\w+>$/.exec(xml)?.[1] ?? ''
