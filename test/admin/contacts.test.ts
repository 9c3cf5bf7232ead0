import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { type TestContext, test } from 'node:test'
import { basic, type ContactJson, codeOf, jid, openRig, type Rig, requestOf, turn } from './rig.ts'

const LIST = '/api/v1/users/alice@corp.example/contacts'
const authorization = basic('alice@corp.example', 'tea for two')

async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  for (const name of ['bob', 'carol']) await directory.addUser({ account: jid(name) })
  await directory.addAddress(jid('bob'), { type: 'e164', value: '+15557654321' })
  const put = (contact: string, body: unknown = {}, given: object = {}) =>
    call('PUT', `${LIST}/${encodeURIComponent(contact)}`, { body, ...given })
  const remove = (contact: string, given: object = {}) =>
    call('DELETE', `${LIST}/${encodeURIComponent(contact)}`, given)
  const list = async (query = '') => (await call('GET', LIST + query)).json
  return { ...rig, put, remove, list }
}

test('a contact is added by a number, shown, changed and removed', async (t) => {
  const { put, remove, list } = await openWithUsers(t)
  const added = await put('tel:+1-555-765-4321', { name: 'Bob', groups: ['Work', 'Chess'] })
  const bob = {
    contact: 'bob@corp.example',
    name: 'Bob',
    groups: ['Work', 'Chess'],
    matched: true,
    external: false,
    presence: 'subscribed',
    subscription: 'to',
  }
  assert.deepEqual([added.status, added.json], [200, { outcome: 'created', contact: bob }])
  assert.deepEqual(await list(), { account: jid('alice'), contacts: [bob], total: 1 })
  assert.equal((await put('bob@corp.example', { groups: [] })).json.outcome, 'changed')
  const quiet = await put('bob@corp.example', { presence: false })
  const { contact } = quiet.json
  assert.deepEqual([contact.name, contact.groups, contact.presence], ['Bob', [], 'none'])
  assert.equal((await put('bob@corp.example')).json.outcome, 'same')
  assert.equal((await remove('+15557654321')).status, 204)
  assert.deepEqual((await list()).contacts, [])
  assert.equal(codeOf(await remove('+15557654321')), '404 NO_SUCH_CONTACT')
})

test('it says who is no user, and what he waits for', async (t) => {
  const { put, list } = await openWithUsers(t)
  const number = await put('+15550001111', { name: 'Dave' })
  const dave = {
    contact: '+15550001111@corp.example',
    name: 'Dave',
    groups: [],
    matched: false,
    external: false,
    presence: 'pending',
    subscription: 'none',
    waitsFor: '+15550001111',
  }
  assert.deepEqual(number.json.contact, dave)
  const { external, presence } = (await put('eve@partner.example')).json.contact
  assert.deepEqual([external, presence], [true, 'pending'])
  assert.equal((await list()).total, 2)
})

test('what cannot be is refused by its code', async (t) => {
  const { put, directory, call } = await openWithUsers(t)
  await directory.addAddress(jid('bob'), { type: 'sip', value: '7000@corp.example' })
  await directory.addUser({ account: '7000@west.example' })
  assert.equal(codeOf(await put('7000')), '409 AMBIGUOUS_ADDRESS')
  assert.equal(codeOf(await put('a@b@')), '400 BAD_ADDRESS')
  assert.equal(codeOf(await put('alice@corp.example')), '400 BAD_CONTACT')
  assert.equal(codeOf(await put('bob@corp.example', { name: 'a\nb' })), '400 BAD_CONTACT')
  assert.equal(codeOf(await put('bob@corp.example', { groups: ['a', 'a'] })), '400 BAD_REQUEST')
  assert.equal(codeOf(await put('bob@corp.example', { nick: 'Bob' })), '400 BAD_REQUEST')
  const nobody = '/api/v1/users/nobody@corp.example/contacts'
  assert.equal(codeOf(await call('GET', nobody)), '404 UNKNOWN_ADDRESS')
})

test('a user keeps his own list, and no other', async (t) => {
  const { put, remove, call } = await openWithUsers(t)
  assert.equal((await put('bob@corp.example', {}, { authorization })).status, 200)
  assert.equal((await call('GET', LIST, { authorization })).json.total, 1)
  assert.equal((await remove('bob@corp.example', { authorization })).status, 204)
  for (const method of ['GET', 'PUT', 'DELETE']) {
    const one = method === 'GET' ? '' : '/carol@corp.example'
    const path = `/api/v1/users/bob@corp.example/contacts${one}`
    const given = method === 'PUT' ? { authorization, body: {} } : { authorization }
    assert.equal(codeOf(await call(method, path, given)), '403 FORBIDDEN', method)
  }
})

test('changes are written down, and a long list comes in pages', async (t) => {
  const { put, list, call } = await openWithUsers(t)
  for (const number of ['5003', '5001', '5002']) await put(number)
  const first = await list('?limit=2')
  const named = first.contacts.map(({ contact }) => contact)
  assert.deepEqual([named, first.total], [['5001@corp.example', '5002@corp.example'], 3])
  const second = await list(`?limit=2&after=${named[1]}`)
  assert.deepEqual(
    second.contacts.map(({ contact }) => contact),
    ['5003@corp.example'],
  )
  const [newest] = (await call('GET', '/api/v1/audit')).json.entries
  assert.equal(newest?.action, 'PUT /api/v1/users/:address/contacts/:contact')
  assert.equal(newest?.target, 'alice@corp.example 5002')
})

type ContactEventJson = ContactJson & { readonly removed: boolean }

/** Alice's event stream. */
async function watch({ port }: Pick<Rig, 'port'>) {
  const path = '/api/v1/presence/alice@corp.example/events'
  const target = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false }
  const outgoing = request({ ...target, ...requestOf('GET', path, {}) })
  outgoing.end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  let text = ''
  incoming.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  incoming.on('error', () => undefined)
  return {
    /** The `contact` events, when there are so many. */
    async events(count: number): Promise<Partial<ContactEventJson>[]> {
      for (;;) {
        const events = [...text.matchAll(/^event: contact\ndata: (.*)$/gm)].map(
          ([, json = '{}']) => JSON.parse(json) as Partial<ContactEventJson>,
        )
        if (events.length >= count) return events
        await turn()
      }
    },
    leave: () => outgoing.destroy(),
  }
}

test('who listens hears of each change, and of no other list', async (t) => {
  const { put, remove, port, contacts } = await openWithUsers(t)
  const stream = await watch({ port })
  await contacts.put(jid('bob'), 'carol@corp.example', {})
  await put('carol@corp.example', { presence: false, name: 'Carol' })
  await put('4711')
  await remove('carol@corp.example')
  const heard = await stream.events(3)
  stream.leave()
  assert.deepEqual(
    heard.map(({ contact, name, matched, presence, removed }) => {
      return [contact, name, matched, presence, removed]
    }),
    [
      ['carol@corp.example', 'Carol', true, 'none', undefined],
      ['4711@corp.example', '', false, 'pending', undefined],
      ['carol@corp.example', undefined, undefined, undefined, true],
    ],
  )
})
