/** An external component (XEP-0114) of tests. Waits on what comes and never on time. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Element } from '../../src/xml/element.ts'
import { XmlStreamParser } from '../../src/xml/tokenizer.ts'
import { LIMITS } from './stream-client.ts'

export class TestComponent implements AsyncDisposable {
  readonly #socket: Socket
  readonly #received: Element[] = []
  #id = ''
  #waker = () => {}

  private constructor(socket: Socket) {
    this.#socket = socket
    const parser = new XmlStreamParser(
      {
        onOpen: (root) => {
          this.#id = root.attr('id') ?? ''
          this.#waker()
        },
        onElement: (element) => {
          this.#received.push(element)
          this.#waker()
        },
        onClose: () => {},
      },
      LIMITS,
    )
    socket.on('data', (chunk) => parser.write(chunk))
  }

  static async open(port: number, host: string): Promise<TestComponent> {
    const socket = connect({ port, host: '127.0.0.1' })
    await once(socket, 'connect')
    const component = new TestComponent(socket)
    component.send(
      `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${host}'>`,
    )
    await component.#until(() => component.#id !== '')
    return component
  }

  static async connect(port: number, host: string, password: string): Promise<TestComponent> {
    const component = await TestComponent.open(port, host)
    const answer = await component.handshake(password)
    if (answer.name !== 'handshake') throw new Error(`not connected: ${answer}`)
    return component
  }

  handshake(password: string): Promise<Element> {
    const hash = createHash('sha1')
      .update(this.#id + password)
      .digest('hex')
    this.send(`<handshake>${hash}</handshake>`)
    return this.next()
  }

  send(text: string): void {
    this.#socket.write(text)
  }

  async next(): Promise<Element> {
    await this.#until(() => this.#received.length > 0)
    const [first] = this.#received.splice(0, 1)
    if (!first) throw new Error('nothing came')
    return first
  }

  async #until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waker = resolve
      await promise
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.closed) return
    const closed = once(this.#socket, 'close')
    this.#socket.end('</stream:stream>')
    await closed
  }
}
