/** profanity, a terminal client that people use, driven at its keyboard. */

import { it } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { Terminal } from './drivers/terminal.ts'
import { CONFIRM, PASSWORD, signedIn, startWithPeople } from './people.ts'

it('profanity signs in, subscribes, sees presence and talks', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet'], CONFIRM)
  const juliet = await signedIn(t, server, 'juliet')
  juliet.tell('roster')
  juliet.tell('presence')

  using home = temporaryDirectory()
  const env = `HOME=${home.path} XDG_CONFIG_HOME=${home.path}/config XDG_DATA_HOME=${home.path}/data LANG=C.UTF-8`
  using romeo = new Terminal(`env ${env} profanity`)
  await romeo.shows(/Type '\/help'/)
  romeo.type(`/connect romeo@example.com server 127.0.0.1 port ${server.port('xmpp')} tls trust`)
  await romeo.shows(/password/i)
  romeo.type(PASSWORD)
  await romeo.shows(/romeo@example\.com.* logged in successfully/)

  romeo.type('/sub request juliet@example.com')
  await juliet.expect('presence_subscribe')
  juliet.tell('subscribed', { to: 'romeo@example.com' })
  juliet.tell('presence', { show: 'away', status: 'On the balcony' })
  await romeo.shows(/juliet@example\.com.*away.*On the balcony/)

  romeo.type('/msg juliet@example.com It is the east')
  await juliet.expect('message', ({ body }) => body === 'It is the east')
  juliet.tell('message', { to: 'romeo@example.com', body: 'Ay me' })
  await romeo.shows(/Ay me/)
})
