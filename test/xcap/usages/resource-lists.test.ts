/** Contact lists as resource lists over XCAP (RFC 4826 §3, RFC 4825). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eachDatabase } from '../../support/databases.ts'
import { EL, jid, openRig, type XcapRig } from '../rig.ts'

const DOC = '/resource-lists/users/sip:alice@corp.example/index'
const TYPE = 'application/resource-lists+xml'
const NS = 'xmlns="urn:ietf:params:xml:ns:resource-lists"'

function document(content: string): string {
  return `<?xml version="1.0"?>\n<resource-lists ${NS}>${content}</resource-lists>`
}

async function rosterOf({ directory }: XcapRig): Promise<Record<string, string>> {
  const { items } = await directory.contacts.get(jid('alice'))
  return Object.fromEntries(
    [...items.values()].map(({ contact, name, groups, subscription, pendingOut }) => [
      contact.replace('@corp.example', ''),
      [name, ...groups].join('|') + (pendingOut ? '?' : subscription === 'none' ? '' : '!'),
    ]),
  )
}

eachDatabase((_kind, open) => {
  it('RFC 4826: a document that is put is the contact list, and the list is the document', async (t) => {
    const rig = await openRig(t, { open })
    assert.equal((await rig.call('GET', DOC)).status, 404)
    const body = document(
      '<list name="friends"> <entry uri="sip:bob@corp.example"><display-name>Bob</display-name></entry> </list>' +
        '<list><entry uri="tel:+493012345"/></list>',
    )
    const put = await rig.call('PUT', DOC, { type: TYPE, body })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(await rosterOf(rig), { bob: 'Bob|friends!', '+493012345': '?' })
    const back = await rig.call('GET', DOC)
    assert.deepEqual([back.text, back.etag], [body, put.etag])

    await rig.contacts.put(jid('alice'), 'carol@corp.example', { name: 'C', groups: ['friends'] })
    const more = await rig.call('GET', DOC)
    assert.notEqual(more.etag, put.etag)
    const carol = '<entry uri="sip:carol@corp.example"><display-name>C</display-name></entry>'
    assert.equal(more.text, body.replace(' </list>', ` ${carol}</list>`))
    await rig.contacts.remove(jid('alice'), 'carol@corp.example')
    assert.equal((await rig.call('GET', DOC)).etag, put.etag)
  })
})

describe('RFC 4826: parts of the contact list', () => {
  it('are put and removed as elements and attributes', async (t) => {
    const rig = await openRig(t)
    await rig.contacts.put(jid('alice'), 'bob@corp.example', { name: 'Bob', groups: ['work'] })
    const at = (selector: string) => `${DOC}/~~/resource-lists/${selector}`
    const entry = (user: string) =>
      `list%5b@name=%22work%22%5d/entry%5b@uri=%22sip:${user}@corp.example%22%5d`
    const body = '<entry uri="sip:carol@corp.example"><display-name>Carol</display-name></entry>'
    const put = await rig.call('PUT', at(entry('carol')), { type: EL, body })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(await rosterOf(rig), { bob: 'Bob|work!', carol: 'Carol|work!' })
    assert.equal((await rig.call('GET', at(entry('carol')))).text, body)
    assert.equal((await rig.call('DELETE', at(entry('bob')))).status, 200)
    assert.deepEqual(await rosterOf(rig), { carol: 'Carol|work!' })
    const renamed = await rig.call('PUT', at('list%5b1%5d/@name'), {
      type: 'application/xcap-att+xml',
      body: 'home',
    })
    assert.equal(renamed.status, 200, renamed.text)
    assert.deepEqual(await rosterOf(rig), { carol: 'Carol|home!' })
    assert.equal((await rig.call('DELETE', DOC)).status, 200)
    assert.deepEqual(await rosterOf(rig), {})
    assert.equal((await rig.call('GET', DOC)).status, 404)
  })

  it('are one contact in several lists, with one name', async (t) => {
    const rig = await openRig(t)
    const bob = (name: string) =>
      `<entry uri="sip:bob@corp.example">${name && `<display-name>${name}</display-name>`}</entry>`
    const lists = (a: string, b: string) =>
      document(`<list name="a">${bob(a)}</list><list name="b">${bob(b)}</list>`)
    const put = (body: string) => rig.call('PUT', DOC, { type: TYPE, body })
    assert.equal((await put(lists('Bob', ''))).status, 201)
    assert.deepEqual(await rosterOf(rig), { bob: 'Bob|a|b!' })
    assert.equal((await put(lists('Bob', 'Robert'))).status, 200)
    assert.deepEqual(await rosterOf(rig), { bob: 'Robert|a|b!' })
    assert.equal((await rig.call('GET', DOC)).text, lists('Robert', 'Robert'))
    const both = await put(lists('x', 'y'))
    assert.equal(both.status, 409)
    assert.match(both.text, /constraint-failure/)
  })

  it('leave alone what is no contact', async (t) => {
    const rig = await openRig(t)
    const body = document(
      '<list name="oma_blockedcontacts"><entry uri="sip:eve@corp.example"/></list>' +
        '<list name="book" xmlns:ab="urn:ab"><entry-ref ref="resource-lists/users/x/index/~~/a"/>' +
        '<external anchor="https://x.example/xcap/a"/><ab:contact><ab:uri>sip:a@b</ab:uri></ab:contact></list>',
    )
    assert.equal((await rig.call('PUT', DOC, { type: TYPE, body })).status, 201)
    assert.deepEqual(await rosterOf(rig), {})
    assert.equal((await rig.call('GET', DOC)).text, body)
    const other = DOC.replace('index', 'other')
    const lists = document('<list name="l"><entry uri="sip:bob@corp.example"/></list>')
    assert.equal((await rig.call('PUT', other, { type: TYPE, body: lists })).status, 201)
    assert.deepEqual(await rosterOf(rig), {})
    assert.equal((await rig.call('GET', other)).text, lists)
  })
})

describe('RFC 4826 §3: what is no document of resource lists', () => {
  const refusals: [condition: string, content: string][] = [
    ['schema-validation-error', '<entry uri="sip:bob@corp.example"/>'],
    ['schema-validation-error', '<list><entry/></list>'],
    ['schema-validation-error', '<list><unknown/></list>'],
    ['schema-validation-error', '<list>text</list>'],
    [
      'schema-validation-error',
      '<list><entry uri="sip:bob@corp.example"/><display-name>x</display-name></list>',
    ],
    ['schema-validation-error', '<list><entry-ref/></list>'],
    ['uniqueness-failure', '<list name="a"/><list name="a"/>'],
    [
      'uniqueness-failure',
      '<list><entry uri="sip:bob@corp.example"/><entry uri="sip:bob@corp.example"/></list>',
    ],
    ['constraint-failure', '<list><entry-ref ref="/absolute"/></list>'],
    ['constraint-failure', '<list><external anchor="relative"/></list>'],
    ['constraint-failure', '<list><entry uri="sip:alice@corp.example"/></list>'],
    ['constraint-failure', '<list><entry uri="http://corp.example/"/></list>'],
    [
      'constraint-failure',
      `<list name="${'n'.repeat(1_100)}"><entry uri="sip:bob@corp.example"/></list>`,
    ],
  ]
  for (const [condition, content] of refusals) {
    it(`${condition}: ${content.slice(0, 60)}`, async (t) => {
      const rig = await openRig(t)
      const { status, text } = await rig.call('PUT', DOC, { type: TYPE, body: document(content) })
      assert.equal(status, 409, text)
      assert.ok(text.includes(`<${condition} `), text)
      assert.deepEqual(await rosterOf(rig), {})
    })
  }
})
