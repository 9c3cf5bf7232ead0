/** XEP-0480: SASL Upgrade Tasks, for accounts that came from another server with the keys of one mechanism. */
import assert from 'node:assert/strict'
import { pbkdf2Sync } from 'node:crypto'
import { describe, it, type TestContext } from 'node:test'
import type { BareJid } from '../../../src/core/address.ts'
import { ScramHasher } from '../../../src/directory/scram.ts'
import { type Element, xml } from '../../../src/xml/element.ts'
import { NS_SASL2 } from '../../support/sasl2-client.ts'
import { XmppClient } from '../../support/xmpp-client.ts'
import { startXmppSystem, type XmppSystem } from '../../support/xmpp-system.ts'

const ANNA = 'anna@corp.example' as BareJid
const PASSWORD = 'pencil'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_UPGRADE = 'urn:xmpp:sasl:upgrade:0'
const NS_SCRAM_UPGRADE = 'urn:xmpp:scram-upgrade:0'
const SHA256 = 'UPGR-SCRAM-SHA-256'
const SHA512 = 'UPGR-SCRAM-SHA-512'

const wish = (...tasks: string[]) =>
  tasks.map((task) => `<upgrade xmlns='${NS_UPGRADE}'>${task}</upgrade>`).join('')

/** Anna came with keys for SCRAM-SHA-1 only. */
async function start(t: TestContext): Promise<XmppSystem> {
  const system = await startXmppSystem(t)
  const { directory } = system
  await directory.addUser({ account: ANNA })
  const salt = { salt: Buffer.alloc(16, 7), iterations: 4096 }
  const keys = await new ScramHasher().derive('SCRAM-SHA-1', PASSWORD, salt)
  await directory.partialKeys.adopt(ANNA, new Map([['SCRAM-SHA-1', keys]]))
  return system
}

async function open(t: TestContext, { port }: XmppSystem, from: string = ANNA) {
  const client = await XmppClient.connect({ port })
  t.after(() => client[Symbol.asyncDispose]())
  await client.open('corp.example')
  await client.startTls('corp.example')
  const features = await client.open('corp.example', from)
  return { client, offered: features.child('authentication', NS_SASL2) }
}

function texts(element: Element | undefined, name: string, ns: string): string[] {
  return [...(element?.elements() ?? [])].flatMap((el) => (el.is(name, ns) ? [el.text()] : []))
}

function taskOf(element: Element): string | undefined {
  assert.equal(element.name, 'continue', String(element))
  return element.child('tasks')?.child('task')?.text()
}

class Upgrade {
  readonly #client: XmppClient

  constructor(client: XmppClient) {
    this.#client = client
  }

  async send(element: Element): Promise<Element> {
    this.#client.send(element)
    return await this.#client.expect(({ ns }) => ns === NS_SASL2)
  }

  /** Does one task, and answers what comes then. */
  async perform(task: string, password = PASSWORD): Promise<Element> {
    const data = await this.send(xml('next', { xmlns: NS_SASL2, task }))
    const salt = data.child('salt', NS_SCRAM_UPGRADE)
    assert.ok(salt, String(data))
    const [bytes, hash] = task === SHA256 ? ([32, 'sha256'] as const) : ([64, 'sha512'] as const)
    const rounds = Number(salt.attr('iterations'))
    const salted = pbkdf2Sync(password, Buffer.from(salt.text(), 'base64'), rounds, bytes, hash)
    return await this.answer(salted.toString('base64'))
  }

  answer(hash: string): Promise<Element> {
    return this.send(
      xml('task-data', { xmlns: NS_SASL2 }, xml('hash', { xmlns: NS_SCRAM_UPGRADE }, hash)),
    )
  }
}

describe('an account that lacks keys', () => {
  const signIn = { jid: ANNA, password: PASSWORD, mechanism: 'SCRAM-SHA-1' }

  it('is offered the mechanisms that it has keys for, and to add the others', async (t) => {
    const system = await start(t)
    const { offered } = await open(t, system)
    assert.deepEqual(texts(offered, 'mechanism', NS_SASL2), [
      'SCRAM-SHA-1-PLUS',
      'SCRAM-SHA-1',
      'PLAIN',
    ])
    assert.deepEqual(texts(offered, 'upgrade', NS_UPGRADE), [SHA256, SHA512])
    // To others, and to who does not say who he is, nothing of it.
    for (const from of ['alice@corp.example', 'nobody@corp.example', 'corp.example']) {
      const { offered: other } = await open(t, system, from)
      assert.deepEqual(texts(other, 'upgrade', NS_UPGRADE), [])
      assert.equal(texts(other, 'mechanism', NS_SASL2).length, 7)
    }
  })

  it('gets them, one after the other, before it is signed in', async (t) => {
    const system = await start(t)
    const { client } = await open(t, system)
    const upgrade = new Upgrade(client)
    const bind = `<bind xmlns='urn:xmpp:bind:0'/>`
    const first = await client.authenticate2({ ...signIn, wishes: wish(SHA256, SHA512) + bind })
    assert.equal(taskOf(first), SHA256)
    assert.equal(client.jid, '')
    const second = await upgrade.perform(SHA256)
    assert.equal(taskOf(second), SHA512)
    assert.equal(second.child('additional-data'), undefined)
    const success = await upgrade.perform(SHA512)
    assert.match(success.child('authorization-identifier')?.text() ?? '', /^anna@corp\.example\/./)
    for (const mechanism of ['SCRAM-SHA-256', 'SCRAM-SHA-512-PLUS', 'SCRAM-SHA-1']) {
      const { client: again, offered } = await open(t, system)
      assert.deepEqual(texts(offered, 'upgrade', NS_UPGRADE), [])
      const outcome = await again.authenticate2({ ...signIn, mechanism })
      assert.equal(outcome.name, 'success', mechanism)
    }
  })

  it('signs in without them where the client does not ask', async (t) => {
    const { client } = await open(t, await start(t))
    assert.equal((await client.authenticate2(signIn)).name, 'success')
  })

  it('needs nothing of the client where it sends the password', async (t) => {
    const system = await start(t)
    const { client } = await open(t, system)
    const outcome = await client.authenticate2({ ...signIn, mechanism: 'PLAIN' })
    assert.equal(outcome.name, 'success')
    while (system.directory.partialKeys.lacking(ANNA).length > 0) {
      await new Promise((resolve) => setImmediate(resolve))
    }
  })

  const begun = (hash: string) => async (up: Upgrade) => {
    await up.send(xml('next', { xmlns: NS_SASL2, task: SHA256 }))
    return await up.answer(hash)
  }

  for (const [title, act] of [
    ['another task', (up: Upgrade) => up.send(xml('next', { xmlns: NS_SASL2, task: SHA512 }))],
    ['an answer to no question', (up: Upgrade) => up.answer(Buffer.alloc(32).toString('base64'))],
    ['no base64', begun('!')],
    ['a hash of another length', begun('YWJjZA==')],
    ['an end', (up: Upgrade) => up.send(xml('abort', { xmlns: NS_SASL2 }))],
  ] as const) {
    it(`is not signed in, nor changed, by ${title}, and may try again`, async (t) => {
      const system = await start(t)
      const { client } = await open(t, system)
      assert.equal(taskOf(await client.authenticate2({ ...signIn, wishes: wish(SHA256) })), SHA256)
      const failure = await act(new Upgrade(client))
      assert.equal(failure.name, 'failure', String(failure))
      assert.ok(failure.child(undefined, NS_SASL))
      assert.equal(system.directory.partialKeys.lacking(ANNA).length, 2)
      assert.equal((await client.authenticate2(signIn)).name, 'success')
    })
  }
})
