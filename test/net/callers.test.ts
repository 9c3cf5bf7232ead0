import assert from 'node:assert/strict'
import { createServer, get, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { type Caller, Callers } from '../../src/net/callers.ts'

/** Who is behind a request with these headers, that comes from the loopback address. */
async function callerOf(
  t: TestContext,
  proxies: readonly string[],
  headers: Record<string, string>,
): Promise<Caller> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  const server = createServer((request, response) => {
    resolve(request)
    response.end()
  })
  t.after(() => server.close())
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  get({ host: '127.0.0.1', port, headers, agent: false }, (response) => response.resume())
  return new Callers(proxies).of(await promise)
}

const FORWARDED = { 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' }

describe('who is behind a request', () => {
  it('is its peer, whatever he says', async (t) => {
    const caller = await callerOf(t, [], FORWARDED)
    assert.deepEqual(caller, { address: '127.0.0.1', isEncrypted: false, isDirect: true })
    assert.equal((await callerOf(t, ['10.0.0.0/8'], FORWARDED)).address, '127.0.0.1')
  })

  it('is whom a proxy of ours names', async (t) => {
    for (const proxies of [['127.0.0.1'], ['10.0.0.0/8', '127.0.0.0/8']]) {
      const caller = await callerOf(t, proxies, FORWARDED)
      assert.deepEqual(caller, { address: '192.0.2.7', isEncrypted: true, isDirect: false })
    }
    const silent = await callerOf(t, ['127.0.0.1'], {})
    assert.deepEqual(silent, { address: '127.0.0.1', isEncrypted: false, isDirect: false })
    const plain = { ...FORWARDED, 'x-forwarded-proto': 'http' }
    assert.equal((await callerOf(t, ['127.0.0.1'], plain)).isEncrypted, false)
  })

  for (const [hops, expected] of [
    // Anybody may write what stands before the address that our proxy saw.
    ['203.0.113.9, 192.0.2.7', '192.0.2.7'],
    ['203.0.113.9, 192.0.2.7, 10.0.0.2', '192.0.2.7'],
    ['10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['192.0.2.7:51234', '192.0.2.7'],
    ['[2001:db8::7]:51234', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['unknown', '127.0.0.1'],
    ['evil, 10.0.0.2', '10.0.0.2'],
    ['', '127.0.0.1'],
  ] as const) {
    it(`is the nearest that is no proxy of ours: ${hops}`, async (t) => {
      const headers = { 'x-forwarded-for': hops }
      const { address } = await callerOf(t, ['127.0.0.1', '10.0.0.0/8'], headers)
      assert.equal(address, expected)
    })
  }
})
