/** RLS services over XCAP (RFC 4826 §4), and as they are served. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eachDatabase } from '../../support/databases.ts'
import { basic, jid, openRig, type XcapRig } from '../rig.ts'

const TYPE = 'application/rls-services+xml'
const NS =
  'xmlns="urn:ietf:params:xml:ns:rls-services" xmlns:rl="urn:ietf:params:xml:ns:resource-lists"'
const LISTS = 'https://xcap.corp.example/xcap/resource-lists/users/sip:alice@corp.example/index'

function docOf(user: string, name = 'index'): string {
  return `/rls-services/users/sip:${user}@corp.example/${name}`
}

function document(...services: string[]): string {
  return `<?xml version="1.0"?><rls-services ${NS}>${services.join('')}</rls-services>`
}

function service(
  uri: string,
  content = '<list><rl:entry uri="sip:bob@corp.example"/></list>',
): string {
  return `<service uri="${uri}">${content}</service>`
}

function put(rig: XcapRig, body: string, path = docOf('alice'), user = 'alice') {
  return rig.call('PUT', path, { type: TYPE, body, as: basic(user) })
}

eachDatabase((_kind, open) => {
  it('RFC 4826 §4.4.5: a URI is one service’s in the whole server', async (t) => {
    const rig = await openRig(t, { open })
    const mine = document(service('sip:buddies@corp.example;x=y'), service('sip:work@corp.example'))
    assert.equal((await put(rig, mine)).status, 201)
    assert.equal((await put(rig, mine)).status, 200)
    const refused = await put(
      rig,
      document(service('sips:Buddies@CORP.example')),
      docOf('bob'),
      'bob',
    )
    assert.equal(refused.status, 201, 'a user part has a case')
    const taken = await put(rig, document(service('SIP:buddies@corp.EXAMPLE')), docOf('bob'), 'bob')
    assert.equal(taken.status, 409)
    const [, alternative = ''] = /<alt-value>([^<]+)<\/alt-value>/.exec(taken.text) ?? []
    assert.match(alternative, /^sip:buddies-[\da-f]{8}@corp\.example$/)
    assert.equal((await put(rig, document(service(alternative)), docOf('bob'), 'bob')).status, 200)
    await rig.call('DELETE', docOf('alice'))
    const now = await put(rig, document(service('sip:buddies@corp.example')), docOf('bob'), 'bob')
    assert.equal(now.status, 200)
  })
})

describe('RFC 4826 §4.4: constraints', () => {
  const refusals: [condition: string, content: string][] = [
    ['schema-validation-error', '<service uri="sip:l@corp.example"/>'],
    ['schema-validation-error', '<service><list/></service>'],
    ['schema-validation-error', service('sip:l@corp.example', '<list/><list/>')],
    ['schema-validation-error', service('sip:l@corp.example', '<packages/>')],
    ['schema-validation-error', service('sip:l@corp.example', '<list><rl:entry/></list>')],
    [
      'schema-validation-error',
      service('sip:l@corp.example', '<list/><packages><other/></packages>'),
    ],
    ['constraint-failure', service('sip:l@other.example')],
    ['constraint-failure', service('http://corp.example/l')],
    [
      'constraint-failure',
      service('sip:l@corp.example', '<resource-list>relative/uri</resource-list>'),
    ],
    [
      'constraint-failure',
      service(
        'sip:l@corp.example',
        `<resource-list>${LISTS.replace('alice', 'bob')}/~~/a</resource-list>`,
      ),
    ],
    [
      'constraint-failure',
      service(
        'sip:l@corp.example',
        `<resource-list>${LISTS.replace('resource-lists', 'pres-rules')}</resource-list>`,
      ),
    ],
    ['uniqueness-failure', service('sip:l@corp.example') + service('sip:l@corp.example')],
    ['uniqueness-failure', service('sip:bob@corp.example')],
  ]
  for (const [condition, content] of refusals) {
    it(`${condition}: ${content.slice(0, 70)}`, async (t) => {
      const rig = await openRig(t)
      const { status, text } = await put(rig, document(content))
      assert.equal(status, 409, text)
      assert.ok(text.includes(`<${condition} `), text)
    })
  }
})

describe('RFC 4826 §4.4.7: the index of all', () => {
  it('is the union of what is served, and not for users', async (t) => {
    const rig = await openRig(t)
    await put(rig, document(service('sip:a@corp.example')))
    await put(rig, document(service('sip:b@corp.example')), docOf('bob'), 'bob')
    await put(rig, document(service('sip:c@corp.example')), docOf('bob', 'other'), 'bob')
    const index = '/rls-services/global/index'
    assert.equal((await rig.call('GET', index)).status, 403)
    const { status, text, type } = await rig.call('GET', index, { as: basic('admin') })
    assert.deepEqual([status, type], [200, TYPE])
    assert.deepEqual(text.match(/uri='sip:[^']+'/g), [
      "uri='sip:a@corp.example'",
      "uri='sip:bob@corp.example'",
      "uri='sip:b@corp.example'",
      "uri='sip:bob@corp.example'",
    ])
    const one = `${index}/~~/rls-services/service%5b@uri='sip:b@corp.example'%5d/@uri`
    assert.equal((await rig.call('GET', one, { as: basic('admin') })).text, 'sip:b@corp.example')
    assert.equal(
      (await rig.call('PUT', index, { type: TYPE, body: document(), as: basic('admin') })).status,
      405,
    )
  })
})

describe('RFC 4826 §4.5: a service, for whoever serves it', () => {
  it('has its own list, or one of the contact list, and tells when it changes', async (t) => {
    const rig = await openRig(t)
    const { lists } = rig.xcap
    const told: string[] = []
    using _watch = lists.onChange((key) => told.push(key))
    const reference = `<resource-list>${LISTS}/~~/resource-lists/list%5b@name=%22work%22%5d</resource-list>`
    const body = document(
      service(
        'sip:own@corp.example',
        '<list name="n"><rl:display-name>Own</rl:display-name><rl:entry uri="sip:x@y.example"><rl:display-name>X</rl:display-name></rl:entry></list><packages><package>presence</package></packages>',
      ),
      service('sip:contacts@corp.example', reference),
    )
    assert.equal((await put(rig, body)).status, 201)
    assert.deepEqual(await lists.find('sip:own@corp.example', jid('alice')), {
      uri: 'sip:own@corp.example',
      key: 'services of alice@corp.example',
      owner: jid('alice'),
      name: 'Own',
      packages: ['presence'],
      resources: [{ uri: 'sip:x@y.example', name: 'X' }],
    })
    assert.equal(await lists.find('sip:none@corp.example', jid('alice')), undefined)
    assert.equal(await lists.find('tel:+49', jid('alice')), undefined)
    assert.deepEqual((await lists.find('sips:contacts@CORP.example', jid('alice')))?.resources, [])
    told.length = 0
    await rig.contacts.put(jid('alice'), 'bob@corp.example', { name: 'Bob', groups: ['work'] })
    await rig.contacts.put(jid('alice'), 'carol@corp.example', { groups: ['home'] })
    const served = await lists.find('sip:contacts@corp.example', jid('alice'))
    assert.deepEqual(served?.resources, [{ uri: 'sip:bob@corp.example', name: 'Bob' }])
    assert.ok(told.includes(served?.key ?? ''))
    await rig.call('DELETE', docOf('alice'))
    assert.equal(await lists.find('sip:own@corp.example', jid('alice')), undefined)
  })
})
