/**
 * sipsak: what it asks is answered, and its floods and rubbish do no harm, over IPv4 and IPv6. It speaks IPv4 alone;
 * what it sends is handed on to the IPv6 listener, datagram by datagram.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import dgram, { type Socket } from 'node:dgram'
import { once } from 'node:events'
import { it, type TestContext } from 'node:test'
import { parseAddress } from '../../src/config/values.ts'
import type { TestServer } from '../support/server.ts'
import { PASSWORD, startWithPeople } from './people.ts'

const FLOOD = 3_000
const DEADLINE_MS = 20_000

async function sipsak(...args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn('sipsak', args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString('latin1')).slice(-20_000)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const [code] = await once(child, 'close')
  return { code: Number(code), output }
}

/** A port of 127.0.0.1 behind which is the port of `::1`; each sender has a socket of its own there. */
async function relayTo(t: TestContext, port: number): Promise<number> {
  const front = dgram.createSocket('udp4')
  const behind = new Map<number, Socket>()
  front.on('message', (bytes, { port: from }) => {
    const socket = behind.get(from) ?? dgram.createSocket('udp6')
    if (!behind.has(from)) {
      behind.set(from, socket)
      socket.on('message', (answer) => front.send(answer, from, '127.0.0.1'))
    }
    socket.send(bytes, port, '::1')
  })
  front.bind(0, '127.0.0.1')
  await once(front, 'listening')
  t.after(() => {
    front.close()
    for (const socket of behind.values()) socket.close()
  })
  return front.address().port
}

function portOfSix(server: TestServer): number {
  const address = parseAddress(server.word('six')?.split(' ')[0] ?? '')?.value
  assert.equal(address?.host, '::1')
  return address?.port ?? 0
}

for (const family of ['IPv4', 'IPv6'] as const) {
  it(`sipsak asks, registers, floods and sends rubbish over ${family}`, async (t) => {
    const extra = '[{"name": "six", "transport": "udp", "address": "[::1]:0"}]'
    const server = await startWithPeople(t, ['alice'], ['--set', `sip.listeners=${extra}`])
    const port = family === 'IPv4' ? server.port('sipUdp') : await relayTo(t, portOfSix(server))
    const here = `127.0.0.1:${port}`
    const isAlive = async () => {
      const { code, output } = await sipsak('-v', '-s', `sip:alice@${here}`)
      assert.equal(code, 0, output)
      assert.match(output, /^SIP\/2\.0 200 /m)
    }
    await isAlive()

    const account = [
      '-p',
      here,
      '-s',
      'sip:alice@example.com',
      '-C',
      `sip:alice@${here}`,
      '-u',
      'alice',
      '-x',
      '300',
    ]
    const registered = await sipsak('-v', '-U', ...account, '-a', PASSWORD)
    assert.match(registered.output, /All usrloc tests completed successful/)
    const refused = await sipsak('-v', '-U', ...account, '-a', 'wrong')
    assert.match(refused.output, /^SIP\/2\.0 (401|403) /m)
    assert.notEqual(refused.code, 0)

    await sipsak('-F', '-e', String(FLOOD), '-s', `sip:alice@${here}`)
    await isAlive()
    for (let run = 0; run < 3; run += 1) await sipsak('-R', '-t', '40', '-s', `sip:alice@${here}`)
    await isAlive()
  })
}
