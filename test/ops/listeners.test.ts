import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, it } from 'node:test'
import { loadConfig } from '../../src/config/load-config.ts'
import { listenError } from '../../src/ops/listeners.ts'
import { OperatorError } from '../../src/util/operator-error.ts'

function listen(...settings: string[]) {
  const loaded = loadConfig(
    settings.flatMap((setting) => ['--set', setting]),
    {},
  )
  assert.ok(loaded.kind === 'config')
  return loaded.config
}

async function tcpError(port: number, host: string): Promise<unknown> {
  const [error] = await once(createServer().listen(port, host), 'error').catch((error) => [error])
  return error
}

async function udpError(port: number, host: string): Promise<unknown> {
  const socket = createSocket('udp4')
  const failed = new Promise((resolve) => socket.once('error', resolve))
  socket.bind(port, host)
  const error = await failed
  socket.close()
  return error
}

describe('an error of opening a listener', () => {
  it('names the option and the address where the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    assert.ok(typeof address === 'object' && address)
    const at = `127.0.0.1:${address.port}`
    const error = listenError(
      await tcpError(address.port, '127.0.0.1'),
      listen(`listen.sipTls=${at}`),
    )
    taken.close()
    assert.ok(error instanceof OperatorError)
    assert.equal(error.code, 'NET_PORT_IN_USE')
    assert.equal(error.message, `listen.sipTls: ${at} is in use by another process`)
  })

  it('says which of the listeners with names it was', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const address = taken.address()
    assert.ok(typeof address === 'object' && address)
    const at = `127.0.0.1:${address.port}`
    const error = listenError(
      await tcpError(address.port, '127.0.0.1'),
      listen(`listeners=[{"name":"office","address":"${at}"}]`),
    )
    taken.close()
    assert.ok(error instanceof OperatorError)
    assert.equal(error.message, `listeners: office: ${at} is in use by another process`)
  })

  it('tells UDP from TCP on the same port', async () => {
    const taken = createSocket('udp4')
    taken.bind(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address()
    const at = `127.0.0.1:${port}`
    const found = listenError(
      await udpError(port, '127.0.0.1'),
      listen(`listen.sipTcp=${at}`, `listen.sipUdp=${at}`),
    )
    taken.close()
    assert.ok(found instanceof OperatorError)
    assert.match(found.message, /^listen\.sipUdp: /)
  })

  it('says that an address is not one of this machine', async () => {
    const error = listenError(
      await tcpError(5061, '192.0.2.1'),
      listen('listen.sipTls=192.0.2.1:5061'),
    )
    assert.ok(error instanceof OperatorError)
    assert.equal(error.code, 'NET_BAD_ADDRESS')
    assert.match(
      error.message,
      /^listen\.sipTls: 192\.0\.2\.1:5061 is not an address of this machine$/,
    )
  })

  it('says what to do where the system cannot share an address among threads', () => {
    const cause = Object.assign(new Error('listen ENOTSUP'), {
      code: 'ENOTSUP',
      syscall: 'listen',
      address: '127.0.0.1',
      port: 5222,
    })
    const error = listenError(cause, listen('listen.xmpp=127.0.0.1:5222'))
    assert.ok(error instanceof OperatorError)
    assert.match(error.message, /^listen\.xmpp: 127\.0\.0\.1:5222 .* set workers to 0$/)
  })

  it('leaves other errors as they are', () => {
    const bug = new TypeError('x is not a function')
    assert.equal(listenError(bug, listen()), bug)
    const known = new OperatorError('DATA_IN_USE', 'in use')
    assert.equal(listenError(known, listen()), known)
    const file = Object.assign(new Error('EACCES'), { code: 'EACCES', syscall: 'open' })
    assert.equal(listenError(file, listen()), file)
  })
})
