/** SIP.js in a browser, over WebSocket (RFC 7118), from a page of another origin. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { Chromium, type Page } from './drivers/chromium.ts'
import { keyOf, startSite } from './drivers/web-site.ts'
import { PASSWORD, signedIn, startWithPeople } from './people.ts'

const LIBRARY = dirname(createRequire(import.meta.url).resolve('sip.js'))

function fileOf(path: string): string | undefined {
  if (path === '/') return join(import.meta.dirname, 'browser/sip.html')
  const [, module] = /^\/sip\.js\/([\w/.-]+\.js)$/.exec(path) ?? []
  return module === undefined || module.includes('..') ? undefined : join(LIBRARY, module)
}

function onThePhone(entity: string): string {
  return `<?xml version="1.0"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
  xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="${entity}">
  <tuple id="t1"><status><basic>open</basic></status></tuple>
  <dm:person id="p1"><rpid:activities><rpid:on-the-phone/></rpid:activities></dm:person>
</presence>`
}

it('SIP.js registers, watches, publishes and talks over a WebSocket', async (t) => {
  const server = await startWithPeople(t, ['alice', 'bob'])
  const port = server.port('https')
  const browser = await Chromium.start([await keyOf(port)])
  t.after(() => browser[Symbol.asyncDispose]())
  const site = await startSite(t, fileOf)
  const open = async (user: string, password = PASSWORD): Promise<Page> => {
    const page = await browser.open(site)
    await page.call('start', `wss://127.0.0.1:${port}/sip-ws`, user, password)
    return page
  }

  const wrong = await open('alice', 'wrong')
  await wrong.call('register')
  await wrong.expect('rejected')
  const alice = await open('alice')
  await alice.call('register')
  await alice.expect('registration', ({ state }) => state === 'Registered')
  const bob = await open('bob')
  await bob.call('register')
  await bob.expect('registration', ({ state }) => state === 'Registered')

  await bob.call('subscribe', 'alice@example.com')
  const first = await bob.expect('notify')
  assert.match(String(first.state), /^active;expires=\d+/)
  await alice.call('publish', 'alice@example.com', onThePhone('sip:alice@example.com'))
  await alice.expect('publication', ({ state }) => state === 'Published')
  await bob.expect('notify', ({ body }) => String(body).includes('on-the-phone'))

  await bob.call('say', 'alice@example.com', 'Pick up the phone')
  const said = await alice.expect('message')
  assert.deepEqual([said.body, said.from], ['Pick up the phone', 'sip:bob@example.com'])
  // And with somebody who has no browser.
  const laptop = await signedIn(t, server, 'bob')
  laptop.tell('message', { to: 'alice@example.com', body: 'Are you there?' })
  await alice.expect('message', ({ body }) => body === 'Are you there?')
})
