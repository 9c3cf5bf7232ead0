import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import type { Link, LinkUser } from '../../src/net/link.ts'
import { SystemClock } from '../../src/util/clock.ts'
import { silentLog } from '../../src/util/log.ts'
import { testLinks } from '../support/links.ts'

/** Notes what happens to its link. */
class Notes implements LinkUser {
  text = ''
  readonly events: string[] = []
  readonly failures: unknown[] = []
  #changed = Promise.withResolvers<void>()

  received(chunk: Buffer): void {
    this.text += chunk.toString()
    this.#changed.resolve()
  }

  secured = () => this.#happened('secured')
  peerEnded = () => this.#happened('peerEnded')
  overflowed = () => this.#happened('overflowed')
  closed = () => this.#happened('closed')
  failed = (error: unknown) => void this.failures.push(error)

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await this.#changed.promise
      this.#changed = Promise.withResolvers<void>()
    }
  }

  async event(name: string): Promise<void> {
    await this.until(() => this.events.includes(name))
  }

  #happened(event: string): void {
    this.events.push(event)
    this.#changed.resolve()
  }
}

interface Pair {
  readonly link: Link
  readonly notes: Notes
  readonly far: Socket
}

for (const [where, workers] of [
  ['in this thread', 0],
  ['in another thread', 2],
] as const) {
  async function pair(t: TestContext, { maxQueuedBytes = 2 ** 30 } = {}): Promise<Pair> {
    const links = await testLinks(t, { clock: new SystemClock(), log: silentLog, workers })
    const accepted = Promise.withResolvers<{ link: Link; notes: Notes }>()
    const listener = await links.listen({ host: '127.0.0.1', port: 0, maxQueuedBytes }, (link) => {
      const notes = new Notes()
      link.user = notes
      accepted.resolve({ link, notes })
    })
    const far = connect({ port: listener.port, host: '127.0.0.1', allowHalfOpen: true })
    far.on('error', () => undefined)
    t.after(async () => {
      far.destroy()
      await listener[Symbol.asyncDispose]()
    })
    return { ...(await accepted.promise), far }
  }

  describe(`a link whose socket is ${where}`, () => {
    it('hands over what comes once it is asked to, and says from where', async (t) => {
      const { link, notes, far } = await pair(t)
      assert.equal(link.remoteAddress, '127.0.0.1')
      far.write('héllo')
      link.read()
      await notes.until(() => notes.text === 'héllo')
    })

    it('writes everything of one tick at once, in order', async (t) => {
      const { link, far } = await pair(t)
      link.write('öne ')
      queueMicrotask(() => link.write('two '))
      process.nextTick(() => link.write('three'))
      assert.equal(String((await once(far, 'data'))[0]), 'öne two three')
    })

    it('says when all has been taken, which waits for a peer that does not read', async (t) => {
      const { link, far } = await pair(t)
      link.write('hello')
      assert.equal(await link.flushed(), true)
      let taken = false
      // More than the buffers of the system hold.
      link.write('x'.repeat(2 ** 25))
      const flushed = link.flushed().then((result) => {
        taken = true
        return result
      })
      await once(far, 'readable')
      assert.equal(taken, false)
      far.resume()
      assert.equal(await flushed, true)
    })

    it('says when it was closed before', async (t) => {
      const { link, notes } = await pair(t)
      link.write('x'.repeat(2 ** 25))
      const flushed = link.flushed()
      link.destroy()
      assert.equal(await flushed, false)
      await notes.event('closed')
      assert.equal(await link.flushed(), false)
    })

    it('says its last words, and still hears the peer’s', async (t) => {
      const { link, notes, far } = await pair(t)
      link.read()
      link.write('last words')
      link.end()
      assert.equal(String((await once(far, 'data'))[0]), 'last words')
      await once(far.resume(), 'end')
      far.end('mine')
      await notes.event('peerEnded')
      assert.equal(notes.text, 'mine')
      await notes.event('closed')
      assert.deepEqual(notes.events, ['peerEnded', 'closed'])
    })

    it('is told when the peer leaves more than the bound unread', async (t) => {
      const { link, notes, far } = await pair(t, { maxQueuedBytes: 2 ** 20 })
      far.pause()
      while (notes.events.length === 0) {
        link.write('x'.repeat(2 ** 17))
        await new Promise(setImmediate)
      }
      assert.equal(notes.events[0], 'overflowed')
    })

    it('takes nothing while it is paused, and loses nothing', async (t) => {
      const { link, notes, far } = await pair(t)
      link.read()
      far.write('first')
      await notes.until(() => notes.text === 'first')
      link.pause()
      // The other side knows of it when this has been answered.
      await link.flushed()
      far.write('second')
      link.write('?')
      await once(far, 'data')
      assert.equal(notes.text, 'first')
      link.resume()
      await notes.until(() => notes.text === 'firstsecond')
    })

    it('goes on in TLS, and both ends name the connection alike', async (t) => {
      const { link, notes, far } = await pair(t)
      link.read()
      far.write('starttls')
      await notes.until(() => notes.text === 'starttls')
      link.secure({}, 'proceed')
      assert.equal(link.isSecured, false)
      assert.equal(String((await once(far, 'data'))[0]), 'proceed')
      const tls = connectTls({ socket: far, rejectUnauthorized: false })
      await once(tls, 'secureConnect')
      await notes.event('secured')
      assert.equal(link.isSecured, true)
      const exporter = tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      assert.deepEqual(link.channelBinding('tls-exporter'), exporter)
      tls.write('secret')
      await notes.until(() => notes.text === 'starttlssecret')
      link.write('answer')
      assert.equal(String((await once(tls, 'data'))[0]), 'answer')
    })

    it('forgets what came in plain behind the wish for TLS', async (t) => {
      const { link, notes, far } = await pair(t)
      link.read()
      far.write('starttls')
      await notes.until(() => notes.text === 'starttls')
      far.write('injected')
      link.secure({}, 'proceed')
      far.destroy()
      await notes.event('closed')
      assert.equal(notes.text, 'starttls')
    })

    it('has no name before TLS, and closes where the handshake is none', async (t) => {
      const { link, notes, far } = await pair(t)
      assert.equal(link.channelBinding('tls-exporter'), undefined)
      link.secure({ alpn: ['xmpp-client'] }, '')
      far.write('this is no handshake')
      await notes.event('closed')
      assert.ok(!notes.events.includes('secured'))
    })

    it('says why it was cut', async (t) => {
      const { link, notes, far } = await pair(t)
      link.read()
      far.write('hello')
      await notes.until(() => notes.text === 'hello')
      far.resetAndDestroy()
      await notes.event('closed')
      assert.match(String(notes.failures[0]), /ECONNRESET/)
    })
  })
}
