/** strophe.js in a browser, over BOSH (XEP-0124, XEP-0206) and over WebSocket (RFC 7395), from a page of another origin. */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { it } from 'node:test'
import { Chromium, type Page } from './drivers/chromium.ts'
import { keyOf, startSite } from './drivers/web-site.ts'
import { CONFIRM, PASSWORD, startWithPeople } from './people.ts'

const STROPHE = dirname(createRequire(import.meta.url).resolve('strophe.js'))
const FILES: Readonly<Record<string, string>> = {
  '/': join(import.meta.dirname, 'browser/strophe.html'),
  '/strophe.js': join(STROPHE, 'strophe.esm.js'),
}

it('strophe.js', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet'], CONFIRM)
  const browser = await Chromium.start([await keyOf(server.port('https'))])
  t.after(() => browser[Symbol.asyncDispose]())
  const site = await startSite(t, (path) => FILES[path])

  for (const { name, scheme, path } of [
    { name: 'BOSH', scheme: 'https', path: '/http-bind' },
    { name: 'WebSocket', scheme: 'wss', path: '/xmpp-websocket' },
  ]) {
    const service = `${scheme}://127.0.0.1:${server.port('https')}${path}`

    await t.test(`makes contacts and talks over ${name}`, async () => {
      const romeo = await signedIn(await browser.open(site), service, 'romeo')
      const juliet = await signedIn(await browser.open(site), service, 'juliet')
      assert.deepEqual(await romeo.call('roster'), [])
      await romeo.call('subscription', 'subscribe', 'juliet@example.com')
      await juliet.expect('presence', ({ type }) => type === 'subscribe')
      await juliet.call('subscription', 'subscribed', 'romeo@example.com')
      await juliet.call('presence', 'away')
      await romeo.expect('presence', ({ show }) => show === 'away')
      await romeo.call('say', 'juliet@example.com', `It is the east: ${name}`)
      const heard = await juliet.expect('message')
      assert.equal(heard.body, `It is the east: ${name}`)
      assert.equal(heard.from, 'romeo@example.com/page')
      await juliet.call('say', 'romeo@example.com', 'Ay me')
      await romeo.expect('message', ({ body }) => body === 'Ay me')
      await romeo.call('subscription', 'unsubscribe', 'juliet@example.com')
      await romeo.call('remove', 'juliet@example.com')
      for (const page of [romeo, juliet]) {
        await page.call('leave')
        await page.expect('status', ({ status }) => status === 'DISCONNECTED')
      }
    })

    await t.test(`is told over ${name} when the password is wrong`, async () => {
      const page = await browser.open(site)
      await page.call('connect', service, 'romeo@example.com/page', 'wrong')
      await page.expect('status', ({ status }) => status === 'AUTHFAIL')
    })
  }
})

async function signedIn(page: Page, service: string, name: string): Promise<Page> {
  const jid = `${name}@example.com/page`
  await page.call('connect', service, jid, PASSWORD)
  const connected = await page.expect('status', ({ status }) => status === 'CONNECTED')
  assert.equal(connected.jid, jid)
  await page.call('presence')
  await page.expect('presence', ({ from }) => from === jid)
  return page
}
