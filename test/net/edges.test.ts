import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { Worker } from 'node:worker_threads'
import { Edges } from '../../src/net/edges.ts'
import type { Link, LinkUser, TlsIdentities, TlsIdentity } from '../../src/net/link.ts'
import { silentLog } from '../../src/util/log.ts'
import type { Backlog } from '../../src/util/overload.ts'
import { testIdentity } from '../support/certificate.ts'
import { disposeAfter } from '../support/databases.ts'
import { FakeClock } from '../support/fake-clock.ts'

const HOST = '127.0.0.1'

async function startEdges(t: TestContext, workers = 2) {
  const clock = new FakeClock()
  const watched = new Set<Backlog>()
  const changes = new Set<(identities: TlsIdentities) => void>()
  const named: string[] = []
  const failed = Promise.withResolvers<void>()
  const log = {
    ...silentLog,
    error: ({ what }: { what: string }) => what === 'edge_thread_failed' && failed.resolve(),
  } as typeof silentLog
  const identity = async (name: string): Promise<TlsIdentity> => ({
    ...(await testIdentity([name])),
    minVersion: 'TLSv1.2',
  })
  const edges = disposeAfter(
    t,
    new Edges(workers, {
      clock,
      log,
      tls: {
        identities: { main: await identity('first.example'), others: [] },
        onChange(listener) {
          changes.add(listener)
          return { [Symbol.dispose]: () => void changes.delete(listener) }
        },
        secureContext: (domain = '') => void named.push(domain),
      },
      overload: {
        watch(backlog) {
          watched.add(backlog)
          return { [Symbol.dispose]: () => void watched.delete(backlog) }
        },
      },
    }),
  )
  return {
    edges,
    clock,
    watched,
    named,
    failed: failed.promise,
    async show(name: string) {
      const shown = { main: await identity(name), others: [await identity('other.example')] }
      for (const listener of changes) listener(shown)
    },
  }
}

function quiet(): LinkUser {
  const nothing = () => undefined
  return {
    received: nothing,
    secured: nothing,
    peerEnded: nothing,
    overflowed: nothing,
    failed: nothing,
    closed: nothing,
  }
}

/** Says back what it hears. */
function echo(link: Link): void {
  link.user = {
    ...quiet(),
    received: (chunk) => link.write(chunk.toString('latin1')),
    peerEnded: () => link.end(),
  }
  link.read()
}

async function dial(t: TestContext, port: number): Promise<Socket> {
  const socket = connect({ port, host: HOST })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

async function echoes(t: TestContext, port: number): Promise<Socket> {
  const socket = await dial(t, port)
  socket.write('hello')
  assert.equal(String((await once(socket, 'data'))[0]), 'hello')
  return socket
}

const anyPort = { host: HOST, port: 0, maxQueuedBytes: 2 ** 20 }

describe('edges', () => {
  it('listen on one address, each with a socket of its own', async (t) => {
    const { edges } = await startEdges(t, 3)
    const { port } = await edges.listen(anyPort, echo)
    const hex = port.toString(16).toUpperCase().padStart(4, '0')
    const listening = new RegExp(`:${hex} 00000000:0000 0A`, 'g') // state LISTEN
    assert.equal(readFileSync('/proc/net/tcp', 'utf8').match(listening)?.length, 3)
    for (let count = 0; count < 10; count += 1) await echoes(t, port)
  })

  it('do not share an address with another server', async (t) => {
    const { edges } = await startEdges(t)
    const first = await edges.listen(anyPort, echo)
    await assert.rejects(edges.listen({ ...anyPort, port: first.port }, echo), {
      code: 'EADDRINUSE',
      syscall: 'listen',
      port: first.port,
    })
    const taken = createServer().listen(0, HOST)
    await once(taken, 'listening')
    t.after(() => taken.close())
    const address = taken.address()
    const port = typeof address === 'object' && address ? address.port : 0
    await assert.rejects(edges.listen({ ...anyPort, port }, echo), { code: 'EADDRINUSE' })
    await echoes(t, first.port)
  })

  it('let nobody in at a listener that was closed, and leave those who are there', async (t) => {
    const { edges } = await startEdges(t)
    const listener = await edges.listen(anyPort, echo)
    const inside = await echoes(t, listener.port)
    await listener[Symbol.asyncDispose]()
    // Behind it in the same order: when another listens, this one has closed.
    await edges.listen(anyPort, echo)
    await assert.rejects(dial(t, listener.port), { code: 'ECONNREFUSED' })
    inside.write('still here')
    assert.equal(String((await once(inside, 'data'))[0]), 'still here')
  })

  it('show another certificate as soon as there is one, and tell whom clients name', async (t) => {
    const { edges, show, named } = await startEdges(t, 1)
    const { port } = await edges.listen(anyPort, (link) => {
      link.user = quiet()
      link.secure({ alpn: ['xmpp-client'] }, '')
    })
    const shown = async (servername = 'x.example') => {
      const tls = connectTls({
        port,
        host: HOST,
        servername,
        rejectUnauthorized: false,
      })
      await once(tls, 'secureConnect')
      const name = tls.getPeerX509Certificate()?.subjectAltName
      tls.destroy()
      return name
    }
    assert.equal(await shown(), 'DNS:first.example')
    assert.deepEqual(named, ['x.example'])
    await show('second.example')
    assert.equal(await shown(), 'DNS:second.example')
    assert.equal(await shown('other.example'), 'DNS:other.example')
  })

  it('close every link of a thread that fails, and replace it', async (t) => {
    const started = once(process, 'worker') as Promise<[Worker]>
    const { edges, clock, watched, failed } = await startEdges(t, 1)
    const [thread] = await started
    const closed = Promise.withResolvers<void>()
    let links = 0
    const { port } = await edges.listen(anyPort, (link) => {
      links += 1
      echo(link)
      if (link.user && links === 1) link.user.closed = closed.resolve
    })
    const socket = await echoes(t, port)
    socket.on('error', () => undefined)
    await thread.terminate()
    await failed
    await closed.promise
    while (clock.pendingTimers === 0) await new Promise(setImmediate)
    assert.equal(watched.size, 0)
    clock.advance(1_000)
    assert.equal(watched.size, 1)
    let open = false
    while (!open) {
      open = await dial(t, port).then(
        () => true,
        () => false,
      )
    }
    await echoes(t, port)
  })

  it('are asked how long they take to answer', async (t) => {
    const { edges, clock, watched } = await startEdges(t, 1)
    const [backlog] = watched
    assert.equal(backlog?.waitMs(), 0)
    clock.advance(700)
    assert.equal(backlog.waitMs(), 700)
    // Behind the question in the same order.
    await edges.listen(anyPort, echo)
    assert.equal(backlog.waitMs(), 700)
    await edges.listen(anyPort, echo)
    assert.equal(backlog.waitMs(), 0)
  })
})

/**
 * Writes to a port from another thread; tells how many blocks the system has taken, and how often its event
 * loop has turned since the last.
 */
const WRITER = `
const { connect } = require('node:net')
const { workerData: { port, blocks, taken, idle } } = require('node:worker_threads')
const socket = connect(port, '127.0.0.1')
const block = Buffer.alloc(2 ** 20)
const next = () => socket.write(block, () => {
  Atomics.store(idle, 0, 0)
  if (Atomics.add(taken, 0, 1) + 1 < blocks) next()
  else socket.end()
})
next()
const turn = () => {
  Atomics.add(idle, 0, 1)
  if (Atomics.load(taken, 0) < blocks) setImmediate(turn)
}
turn()`

describe('an edge whose core does not keep up', () => {
  it('leaves what comes with the system, and loses nothing of it', async (t) => {
    const { edges } = await startEdges(t, 1)
    const blocks = 64
    const taken = new Int32Array(new SharedArrayBuffer(4))
    const idle = new Int32Array(new SharedArrayBuffer(4))
    let got = 0
    let takenWhileBusy = 0
    const all = Promise.withResolvers<void>()
    const { port } = await edges.listen(anyPort, (link) => {
      const received = (chunk: Buffer) => {
        // Busy until nobody takes any more of what comes.
        if (got === 0) while (Atomics.load(idle, 0) < 10_000 && Atomics.load(taken, 0) < blocks);
        if (got === 0) takenWhileBusy = Atomics.load(taken, 0)
        got += chunk.length
      }
      link.user = { ...quiet(), received, peerEnded: () => link.end(), closed: all.resolve }
      link.read()
    })
    const workerData = { port, blocks, taken, idle }
    const writer = new Worker(WRITER, { eval: true, workerData })
    await Promise.all([all.promise, once(writer, 'exit')])
    assert.equal(got, blocks * 2 ** 20)
    assert.ok(takenWhileBusy < blocks / 2, `${takenWhileBusy} MiB were taken`)
  })
})
