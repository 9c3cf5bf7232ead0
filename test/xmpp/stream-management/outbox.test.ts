/** XEP-0198: what the server has sent and nobody has acknowledged. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { StreamError } from '../../../src/xmpp/errors.ts'
import type { Wire } from '../../../src/xmpp/session.ts'
import { Outbox, REQUEST } from '../../../src/xmpp/stream-management/outbox.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class FakeWire implements Wire {
  readonly written: string[] = []
  /** What it was closed with, `without a word` where with nothing. */
  closedWith: string | undefined

  write(text: string): boolean {
    this.written.push(text)
    return true
  }

  async flushed(): Promise<boolean> {
    return true
  }

  close(error?: StreamError): void {
    this.closedWith = error?.condition ?? 'without a word'
  }
}

function open(limits = { maxStanzas: 10, maxQueuedBytes: 1000 }) {
  const clock = new FakeClock()
  const wire = new FakeWire()
  const happened: string[] = []
  const deps = {
    clock,
    limits,
    waits: () => undefined,
    overflowed: () => void happened.push('overflowed'),
    abandoned: () => void happened.push('abandoned'),
  }
  return { clock, wire, happened, outbox: new Outbox(deps, wire) }
}

const stanzas = (outbox: Outbox) => outbox.unacknowledged.map(({ stanza }) => stanza)

describe('what is sent on a managed stream', () => {
  it('is kept until it is acknowledged', () => {
    const { outbox, wire } = open()
    for (const text of ['one', 'two', 'three']) outbox.write(text)
    assert.deepEqual(wire.written, ['one', 'two', 'three'])
    assert.equal(outbox.acknowledge(2), true)
    assert.deepEqual(stanzas(outbox), ['three'])
    assert.equal(outbox.acknowledge(2), true, 'the same count again says nothing new')
    assert.deepEqual(stanzas(outbox), ['three'])
  })

  it('is asked for after five stanzas, or after two seconds', () => {
    const { outbox, wire, clock } = open()
    for (const text of ['1', '2', '3', '4']) outbox.write(text)
    assert.ok(!wire.written.includes(REQUEST))
    outbox.write('5')
    assert.equal(wire.written.at(-1), REQUEST)
    outbox.acknowledge(5)
    outbox.write('6')
    clock.advance(1_999)
    assert.equal(wire.written.at(-1), '6')
    clock.advance(1)
    assert.equal(wire.written.at(-1), REQUEST)
  })

  it('is asked for once at a time, and again when an answer leaves much open', () => {
    const { outbox, wire } = open()
    for (let n = 1; n <= 10; n += 1) outbox.write(String(n))
    const asked = () => wire.written.filter((text) => text === REQUEST).length
    assert.equal(asked(), 1)
    outbox.acknowledge(5)
    assert.equal(asked(), 2)
  })

  it('ends the stream where nobody answers for a minute', () => {
    const { outbox, wire, clock } = open()
    outbox.write('one')
    clock.advance(2_000)
    clock.advance(59_999)
    assert.equal(wire.closedWith, undefined)
    clock.advance(1)
    assert.equal(wire.closedWith, 'connection-timeout')
  })

  it('cannot be acknowledged before it is sent', () => {
    const { outbox } = open()
    outbox.write('one')
    assert.equal(outbox.acknowledge(2), false)
    assert.deepEqual(stanzas(outbox), ['one'])
  })

  it('is bounded in number and in size', () => {
    const few = open({ maxStanzas: 2, maxQueuedBytes: 1000 })
    for (const text of ['1', '2']) few.outbox.write(text)
    assert.deepEqual(few.happened, [])
    few.outbox.write('3')
    assert.deepEqual(few.happened, ['overflowed'])
    const large = open({ maxStanzas: 100, maxQueuedBytes: 10 })
    large.outbox.write('1234567890')
    assert.deepEqual(large.happened, [])
    large.outbox.acknowledge(1)
    large.outbox.write('12345678901')
    assert.deepEqual(large.happened, ['overflowed'])
  })

  it('waits where no stream is there, and goes on the next one', () => {
    const { outbox, wire, clock } = open()
    outbox.write('one')
    outbox.detach()
    outbox.write('two')
    assert.deepEqual(wire.written, ['one'])
    assert.equal(clock.pendingTimers, 0)
    const next = new FakeWire()
    outbox.attach(next)
    assert.deepEqual(next.written, ['one', 'two', REQUEST])
  })

  it('is abandoned where it is to be closed and nobody carries it', () => {
    const { outbox, happened, wire } = open()
    outbox.close()
    assert.equal(wire.closedWith, 'without a word')
    outbox.detach()
    outbox.close()
    assert.deepEqual(happened, ['abandoned'])
  })
})

describe('whoever waits for what was sent', () => {
  it('waits for its acknowledgement, not for that of what came later', async () => {
    const { outbox } = open()
    outbox.write('one')
    outbox.write('two')
    let done = false
    const flushed = outbox.flushed().then((result) => {
      done = true
      return result
    })
    outbox.write('three')
    outbox.acknowledge(1)
    await Promise.resolve()
    assert.equal(done, false)
    outbox.acknowledge(2)
    assert.equal(await flushed, true)
  })

  it('waits no longer than the queue may: it answers for what was sent', async () => {
    const { outbox, clock } = open()
    outbox.write('one')
    const flushed = outbox.flushed()
    clock.advance(20_000)
    assert.equal(await flushed, true)
    const again = outbox.flushed()
    outbox.detach()
    assert.equal(await again, true)
  })
})

it('a client that counts right gets each stanza once and in order, wherever streams break', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.constant('send' as const) },
    { weight: 3, arbitrary: fc.constant('read' as const) },
    { weight: 2, arbitrary: fc.constant('acknowledge' as const) },
    { weight: 1, arbitrary: fc.constant('break' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { outbox, wire } = open({ maxStanzas: 1000, maxQueuedBytes: 100_000 })
      let stream = wire
      let read = 0
      let sent = 0
      const got: string[] = []
      const readOne = () => {
        const text = stream.written[read]
        if (text === undefined) return
        read += 1
        if (text !== REQUEST) got.push(text)
      }
      for (const what of steps) {
        if (what === 'send') {
          sent += 1
          outbox.write(String(sent))
        }
        if (what === 'read') readOne()
        if (what === 'acknowledge') assert.equal(outbox.acknowledge(got.length), true)
        if (what === 'break') {
          outbox.detach()
          assert.equal(outbox.acknowledge(got.length), true) // `h` of `<resume/>`
          stream = new FakeWire()
          read = 0
          outbox.attach(stream)
        }
      }
      while (read < stream.written.length) readOne()
      assert.deepEqual(
        got,
        Array.from({ length: sent }, (_, n) => String(n + 1)),
      )
    }),
  )
})
