/** What the server has acknowledged survives it: kill -9 in the middle of traffic, and a start on the same data. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { runCli } from '../../src/cli/cli.ts'
import type { DatabaseKind } from '../../src/storage/database.ts'
import { freshUrl } from '../support/databases.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD } from '../support/sip-system.ts'
import { type Actor, jid, OfflineWriter, RosterEditor, Subscribers } from './kill-actors.ts'
import { OfflineCaller, Publisher } from './kill-phones.ts'

const ROUNDS = { sqlite: 3, postgres: 2 }
const USERS = ['alice', 'bob', 'carol', 'eve', 'frank', 'heidi', 'ivan']
const PUBLISHERS = ['grace', 'judy', 'mallory']

const OPTIONS = {
  domains: DOMAIN,
  'xmpp.plaintextAuth': 'true',
  'sip.trustedPeers': '127.0.0.1',
  'authorization.sameSystem': 'confirm',
}

async function start(kind: DatabaseKind, t: TestContext): Promise<TestServer> {
  const url = kind === 'postgres' ? { 'database.url': await freshUrl(kind, t) } : {}
  const options = Object.entries({ ...OPTIONS, ...url })
  const server = await startTestServer({
    args: options.flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  })
  const file = join(server.data, 'users.csv')
  writeFileSync(
    file,
    [...USERS, ...PUBLISHERS].map((user) => `${jid(user)},${PASSWORD}\n`).join(''),
  )
  const code = await runCli(
    ['--data', server.data, 'user', 'import', file],
    {},
    { out: () => undefined, err: assert.fail },
  )
  assert.equal(code, 0)
  return server
}

/** Kills the server at an acknowledgement, while others are awaited; answers its successor. */
async function killAmidst(
  server: TestServer,
  actors: readonly Actor[],
  t: TestContext,
): Promise<TestServer> {
  for (const actor of actors) await actor.connect(server, t)
  const last = randomInt(100, 400)
  let acknowledgements = 0
  let inFlight = 0
  const acknowledged = () => {
    acknowledgements += 1
    if (acknowledgements !== last) return
    server.signal('SIGKILL')
    for (const actor of actors) inFlight += actor.inFlight
  }
  await Promise.all(actors.map((actor) => actor.work(acknowledged)))
  assert.equal((await server.ended).code, 137)
  assert.ok(inFlight > actors.length, 'it was busy')
  t.diagnostic(`killed after ${last} acknowledgements, with ${inFlight} requests on their way`)
  return await server.restart()
}

function assertNoErrors(server: TestServer): void {
  const levels = server.log.split('\n').filter((line) => /"level":"(error|fatal)"/.test(line))
  assert.deepEqual(levels, [])
}

for (const kind of ['sqlite', 'postgres'] as const) {
  describe(`on ${kind}`, () => {
    it('nothing that was acknowledged is lost in a kill, and nothing comes twice', async (t) => {
      const lasting = [
        new RosterEditor(),
        new Subscribers(),
        new OfflineWriter(),
        new OfflineCaller(),
      ]
      let server = await start(kind, t)
      try {
        for (const publisher of PUBLISHERS.slice(0, ROUNDS[kind])) {
          const actors = [...lasting, new Publisher(publisher)]
          server = await killAmidst(server, actors, t)
          for (const actor of actors) await actor.verify(server, t)
          assertNoErrors(server)
        }
        assert.equal((await server.stop()).code, 0)
      } finally {
        await server[Symbol.asyncDispose]()
      }
    })
  })
}
