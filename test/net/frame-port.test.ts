import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MessageChannel } from 'node:worker_threads'
import { FramePort } from '../../src/net/frame-port.ts'
import { FRAME } from '../../src/net/frames.ts'

function pair() {
  const { port1, port2 } = new MessageChannel()
  const got: string[] = []
  let changed = Promise.withResolvers<void>()
  const note = (text: string) => {
    got.push(text)
    changed.resolve()
  }
  let near: FramePort
  const far: FramePort = new FramePort(port2, {
    frame: (kind, link, payload) => note(`${kind} ${link} ${payload.length}`),
    message: (message) => note(JSON.stringify(message)),
    handled: (bytes) => far.acknowledge(bytes),
    acknowledged: () => undefined,
  })
  near = new FramePort(port1, {
    frame: () => undefined,
    message: () => undefined,
    handled: () => undefined,
    acknowledged: () => note(`acknowledged, ${near.underWay < 100 ? 'nothing' : 'some'} under way`),
  })
  return {
    near,
    far,
    got,
    async until(count: number) {
      while (got.length < count) {
        await changed.promise
        changed = Promise.withResolvers<void>()
      }
    },
    [Symbol.dispose]() {
      port1.close()
      port2.close()
    },
  }
}

describe('the way between two threads', () => {
  it('keeps frames and messages in order', async () => {
    using way = pair()
    way.near.send(FRAME.write, 7, 'one')
    way.near.send(FRAME.end, 7)
    way.near.post({ kind: 'message' })
    way.near.send(FRAME.destroy, 7)
    await way.until(4)
    assert.deepEqual(way.got, ['19 7 3', '22 7 0', '{"kind":"message"}', '23 7 0'])
  })

  it('knows how much the other end has not handled, before it leaves and until it is told', async () => {
    using way = pair()
    const payload = Buffer.alloc(2 ** 20)
    way.near.send(FRAME.write, 1, payload)
    assert.ok(way.near.underWay > payload.length)
    way.near.flush()
    assert.ok(way.near.underWay > payload.length)
    await way.until(2)
    assert.deepEqual(way.got, [`19 1 ${2 ** 20}`, 'acknowledged, nothing under way'])
  })

  it('tells small debts with what it has to say, and not alone', async () => {
    using way = pair()
    way.near.send(FRAME.write, 1, 'little')
    await way.until(1)
    assert.equal(way.got.length, 1)
    way.far.send(FRAME.received, 1, 'answer')
    await way.until(2)
    assert.deepEqual(way.got, ['19 1 6', 'acknowledged, nothing under way'])
  })
})
