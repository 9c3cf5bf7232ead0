/**
 * Gajim, a client with windows that people use. With HELIOGRAPH_TEST_SCREENSHOT=FILE it leaves a picture of itself there:
 * docs/images/gajim.png. That takes the package imagemagick.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { Gajim } from './drivers/gajim.ts'
import { peerCertificate } from './drivers/peer-certificate.ts'
import { heliograph, PASSWORD, signedIn, startWithPeople, trust } from './people.ts'

const ROMEO = 'romeo@example.com'
const JULIET = 'juliet@example.com'

it('gajim signs in, is seen, and talks', async (t) => {
  const server = await startWithPeople(t, ['romeo', 'juliet'])
  heliograph(server, 'contact', 'add', ROMEO, JULIET, '--name', 'Juliet')
  heliograph(server, 'contact', 'add', JULIET, ROMEO)
  await trust(server)
  const juliet = await signedIn(t, server, 'juliet')
  juliet.tell('presence', { status: 'On the balcony' })

  using home = temporaryDirectory()
  await using gajim = await Gajim.start({
    home: home.path,
    user: 'romeo',
    domain: 'example.com',
    password: PASSWORD,
    port: server.port('xmpp'),
    certificate: await peerCertificate(server.port('xmppTls'), 'example.com'),
  })
  const seen = juliet.expect('presence_available', ({ sender }) => sender === `${ROMEO}/gajim`)
  await seen.catch((error) => assert.fail(`${error}\n${gajim.noise}`))
  await gajim.listens()
  juliet.tell('message', { to: ROMEO, body: 'Ay me!', receipt: true })
  const { id } = await juliet.expect('said')
  assert.equal((await juliet.expect('receipt')).id, id)
  gajim.open(JULIET)
  gajim.say(JULIET, 'She speaks: O, speak again, bright angel!')
  await juliet.expect('message', ({ body }) => String(body).startsWith('She speaks'))
  juliet.tell('message', { to: ROMEO, body: 'O Romeo, Romeo!', receipt: true })
  await juliet.expect('receipt')
  const picture = process.env.HELIOGRAPH_TEST_SCREENSHOT
  if (picture) gajim.photograph(picture)
})
