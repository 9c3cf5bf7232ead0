/** XEP-0114 with a component that is made of slixmpp. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTestServer } from '../support/server.ts'
import { XmppClient } from '../support/xmpp-client.ts'
import { freePort } from './drivers/free-port.ts'

const DRIVER = join(import.meta.dirname, 'drivers/slixmpp_component.py')
const COMPONENT = { host: 'echo.localhost', password: 'a long secret' }

test('a bot answers people, and what they write while it is away', async () => {
  const port = await freePort()
  await using server = await startTestServer({
    args: [
      '--demo',
      '--set',
      `listen.components=127.0.0.1:${port}`,
      '--set',
      `components=${JSON.stringify([COMPONENT])}`,
    ],
  })
  const credentials = { jid: 'alice@localhost', password: server.demoPassword }
  await using alice = await XmppClient.online({ port: server.port('xmpp') }, credentials)
  const say = (body: string) =>
    alice.send(`<message to='you@echo.localhost' type='chat'><body>${body}</body></message>`)
  say('Is nobody there?')
  const bot = spawn('/usr/bin/python3', [DRIVER, COMPONENT.host, COMPONENT.password, String(port)])
  try {
    await once(bot.stdout, 'data')
    const late = await alice.expectMessage('Is nobody there?')
    assert.equal(late.attr('from'), 'you@echo.localhost')
    say('Good morning')
    await alice.expectMessage('Good morning')
  } finally {
    bot.kill('SIGKILL')
  }
})
