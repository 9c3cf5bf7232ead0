import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { SocketWriter } from '../../../src/xmpp/stream/socket-writer.ts'

async function pair(t: TestContext): Promise<{ near: Socket; far: Socket }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const near = connect({ port, host: '127.0.0.1' })
  const [far] = (await once(server, 'connection')) as [Socket]
  t.after(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return { near, far }
}

describe('a socket writer', () => {
  it('writes everything of one tick at once, in order', async (t) => {
    const { near, far } = await pair(t)
    const writes: string[] = []
    const write = near.write.bind(near)
    near.write = (chunk: string | Uint8Array) => {
      writes.push(String(chunk))
      return write(chunk)
    }
    const writer = new SocketWriter(near, 1000, () => assert.fail('there is room'))
    writer.write('one ')
    queueMicrotask(() => writer.write('two '))
    process.nextTick(() => writer.write('three '))
    const [chunk] = await once(far, 'data')
    assert.equal(String(chunk), 'one two three ')
    assert.equal(writes.length, 1)
    writer.write('four')
    assert.equal(String((await once(far, 'data'))[0]), 'four')
  })

  it('says when all has been taken, which waits for a peer that does not read', async (t) => {
    const { near, far } = await pair(t)
    const writer = new SocketWriter(near, 2 ** 30, () => assert.fail('there is room'))
    writer.write('hello')
    assert.equal(await writer.flushed(), true)
    let taken = false
    // More than the buffers of the system hold.
    writer.write('x'.repeat(2 ** 25))
    const flushed = writer.flushed().then((result) => {
      taken = true
      return result
    })
    await once(far, 'readable')
    assert.equal(taken, false)
    far.resume()
    assert.equal(await flushed, true)
  })

  it('says when the socket was closed before', async (t) => {
    const { near } = await pair(t)
    const writer = new SocketWriter(near, 2 ** 30, () => assert.fail('there is room'))
    writer.write('x'.repeat(2 ** 25))
    const flushed = writer.flushed()
    near.destroy()
    assert.equal(await flushed, false)
    assert.equal(await writer.flushed(), false)
  })

  it('does not wait where it is told not to', async (t) => {
    const { near, far } = await pair(t)
    const writer = new SocketWriter(near, 1000, () => assert.fail('there is room'))
    writer.write('last words')
    writer.flush()
    near.end()
    assert.equal(String((await once(far, 'data'))[0]), 'last words')
    await once(far.resume(), 'end')
  })

  it('gives up on a reader who leaves more than the bound unread', async (t) => {
    const { near } = await pair(t)
    let overflows = 0
    const writer = new SocketWriter(near, 1000, () => {
      overflows += 1
    })
    writer.write('x'.repeat(1000))
    assert.equal(overflows, 0)
    writer.write('x')
    assert.equal(overflows, 1)
  })

  it('goes on with the socket that took over, and writes to none that is gone', async (t) => {
    const [old, next] = [await pair(t), await pair(t)]
    const writer = new SocketWriter(old.near, 1000, () => assert.fail('there is room'))
    writer.moveTo(next.near)
    writer.write('hello')
    assert.equal(String((await once(next.far, 'data'))[0]), 'hello')
    next.near.destroy()
    writer.write('nobody')
    writer.flush()
    await once(next.far.resume(), 'close')
  })
})
