/**
 * One contact list and one set of rules for XMPP, SIP and XCAP (RFC 4825, RFC 4826, RFC 5025), over real sockets: what
 * one client changes, clients of the other protocols hear of; `xcap-diff` watchers, too (RFC 5875).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { PASSWORD, Phone } from '../support/sip-system.ts'
import { XmppClient } from '../support/xmpp-client.ts'
import { items, ROSTER } from '../support/xmpp-system.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const LISTS = 'resource-lists/users/sip:alice@example.com/index'
const RULES = 'pres-rules/users/sip:alice@example.com/index'
const HARD_STATE = 'pidf-manipulation/users/sip:alice@example.com/index'

async function start(t: TestContext): Promise<TestServer> {
  const settings = ['domains=example.com', 'sip.notifyInterval=0s']
  const args = settings.flatMap((setting) => ['--set', setting])
  const server = await startTestServer({ args })
  t.after(() => server[Symbol.asyncDispose]())
  const heliograph = (...words: string[]) => {
    const { status, stderr } = spawnSync(CLI, ['--data', server.data, ...words])
    assert.equal(status, 0, stderr.toString())
  }
  heliograph('domain', 'set', 'example.com', '--sip-digest', 'both')
  for (const name of ['alice', 'bob', 'carol']) {
    heliograph('user', 'add', `${name}@example.com`, '--password', PASSWORD)
  }
  return server
}

async function online(t: TestContext, server: TestServer, name: string): Promise<XmppClient> {
  const connect = { port: server.port('xmppTls'), direct: true }
  const signIn = { jid: `${name}@example.com`, password: PASSWORD, resource: 'desk' }
  const client = await XmppClient.signIn(connect, signIn)
  t.after(() => client[Symbol.asyncDispose]())
  await client.iq('get', ROSTER)
  await client.available()
  await client.settle()
  return client
}

function phoneOf(t: TestContext, server: TestServer, name: string): Promise<Phone> {
  return Phone.open(t, { port: () => server.port('sipTcp') }, name, 'tcp')
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly etag: string
}

async function xcap(
  server: TestServer,
  method: string,
  path: string,
  body = '',
  type = '',
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const outgoing = request({
    ...{ method, path: `/xcap/${path}`, host: '127.0.0.1', port: server.port('https') },
    ...{ servername: 'localhost', ca: readFileSync(join(server.data, 'tls/ca.pem')) },
    headers: {
      authorization: `Basic ${Buffer.from(`alice@example.com:${PASSWORD}`).toString('base64')}`,
      ...(type !== '' && { 'content-type': type }),
    },
  })
  outgoing.on('error', reject).on('response', (response) => {
    text(response).then((content) => {
      const etag = response.headers.etag?.replaceAll('"', '') ?? ''
      resolve({ status: response.statusCode ?? 0, text: content, etag })
    }, reject)
  })
  outgoing.end(body)
  return promise
}

const isDiff = (wanted: RegExp) => (notify: SipRequest) =>
  notify.headers.get('Event')?.startsWith('xcap-diff') === true &&
  wanted.test(notify.body.toString())

const stateIs = (state: string, wanted: RegExp) => (notify: SipRequest) =>
  (notify.headers.get('Subscription-State') ?? '').startsWith(state) &&
  wanted.test(notify.body.toString())

test('a contact that an XMPP client adds is in the document, and those that watch it are told', async (t) => {
  const server = await start(t)
  const alice = await online(t, server, 'alice')
  const phone = await phoneOf(t, server, 'alice')
  const body = `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list><entry uri="${LISTS}"/></list></resource-lists>`
  const subscribe = {
    headers: [
      ['Event', 'xcap-diff;diff-processing=aggregate'],
      ['Content-Type', 'application/resource-lists+xml'],
    ],
    body,
  } as const
  assert.equal((await phone.send('SUBSCRIBE', subscribe)).status, 200)
  const first = await phone.got('NOTIFY', isDiff(/<xd:xcap-diff/))
  assert.equal(first.headers.get('Content-Type'), 'application/xcap-diff+xml')
  assert.match(first.body.toString(), /xcap-root="https:\/\/[^"]+\/xcap\/"><\/xd:xcap-diff>/)

  await alice.iq(
    'set',
    `<query xmlns='jabber:iq:roster'><item jid='bob@example.com' name='Bob'><group>Work</group></item></query>`,
  )
  const created = await phone.got('NOTIFY', isDiff(/<xd:document new-etag="[^"]+" sel=/))
  const { status, text: document, etag } = await xcap(server, 'GET', LISTS)
  assert.equal(status, 200)
  assert.match(document, /<list name='Work'><entry uri='sip:bob@example.com'><display-name>Bob</)
  assert.ok(created.body.toString().includes(`new-etag="${etag}"`))

  await alice.iq(
    'set',
    `<query xmlns='jabber:iq:roster'><item jid='carol@example.com'><group>Work</group></item></query>`,
  )
  const patched = await phone.got('NOTIFY', isDiff(/<xd:add sel="\*\/\*\[1\]"/))
  assert.ok(patched.body.toString().includes(`previous-etag="${etag}"`))
  assert.ok(patched.body.toString().includes("<entry uri='sip:carol@example.com'/>"))
})

test('an entry that XCAP puts is pushed to rosters, and asks for presence', async (t) => {
  const server = await start(t)
  const [alice, bob] = [await online(t, server, 'alice'), await online(t, server, 'bob')]
  const lists =
    '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list name="Friends"/></resource-lists>'
  assert.equal(
    (await xcap(server, 'PUT', LISTS, lists, 'application/resource-lists+xml')).status,
    201,
  )
  const entry = `${LISTS}/~~/resource-lists/list%5b1%5d/entry%5b@uri=%22sip:bob@example.com%22%5d`
  const element = '<entry uri="sip:bob@example.com"><display-name>Robert</display-name></entry>'
  assert.equal((await xcap(server, 'PUT', entry, element, 'application/xcap-el+xml')).status, 201)
  await alice.expectPresence('available', 'bob@example.com')
  const pushed = items(await alice.settle())
  assert.equal(pushed.at(-1), 'bob@example.com to name=Robert group=Friends')
  assert.equal((await xcap(server, 'DELETE', entry)).status, 200)
  assert.deepEqual(items(await alice.settle()), ['bob@example.com remove'])
  await bob.settle()
})

test('a rule that XCAP puts holds for a live SIP watcher at once, and hard state is what he sees when nobody says anything', async (t) => {
  const server = await start(t)
  const bob = await phoneOf(t, server, 'bob')
  const pidf = `<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com"><tuple id="t"><status><basic>open</basic></status></tuple><dm:person id="p"><rpid:activities><rpid:busy/></rpid:activities></dm:person></presence>`
  assert.equal((await xcap(server, 'PUT', HARD_STATE, pidf, 'application/pidf+xml')).status, 201)
  assert.equal((await bob.subscribe('sip:alice@example.com')).status, 200)
  await bob.got('NOTIFY', stateIs('active', /rpid:busy/))

  const rules = `<ruleset xmlns="urn:ietf:params:xml:ns:common-policy" xmlns:pr="urn:ietf:params:xml:ns:pres-rules"><rule id="bob"><conditions><identity><one id="sip:bob@example.com"/></identity></conditions><actions><pr:sub-handling>polite-block</pr:sub-handling></actions></rule></ruleset>`
  const put = await xcap(server, 'PUT', RULES, rules, 'application/auth-policy+xml')
  assert.equal(put.status, 201, put.text)
  const blocked = await bob.got('NOTIFY', stateIs('active', /<basic>closed</))
  assert.doesNotMatch(blocked.body.toString(), /busy/)
  assert.equal((await xcap(server, 'GET', RULES)).text, rules)

  bob.received.length = 0
  assert.equal((await xcap(server, 'DELETE', RULES)).status, 200)
  await bob.got('NOTIFY', stateIs('active', /rpid:busy/))
  await server.stop()
  const again = await server.restart()
  t.after(() => again[Symbol.asyncDispose]())
  assert.equal((await xcap(again, 'GET', HARD_STATE)).text, pidf)
})

test('documents of somebody else are not told of (RFC 5875 §7)', async (t) => {
  const server = await start(t)
  const bob = await phoneOf(t, server, 'bob')
  const headers = [['Event', 'xcap-diff']] as const
  assert.equal((await bob.send('SUBSCRIBE', { uri: 'sip:alice@example.com', headers })).status, 403)
})

test('a list that XCAP puts can be watched at once, and follows the contacts that it refers to (RFC 4826 §4.5, RFC 4662)', async (t) => {
  const server = await start(t)
  const desk = await online(t, server, 'alice')
  const bob = await online(t, server, 'bob')
  const phone = await phoneOf(t, server, 'alice')
  const root = `https://localhost:${server.port('https')}/xcap`
  const services = `<rls-services xmlns="urn:ietf:params:xml:ns:rls-services"><service uri="sip:alice-friends@example.com"><resource-list>${root}/${LISTS}/~~/resource-lists/list%5b@name=%22Friends%22%5d</resource-list><packages><package>presence</package></packages></service></rls-services>`
  const document = 'rls-services/users/sip:alice@example.com/index'
  const put = await xcap(server, 'PUT', document, services, 'application/rls-services+xml')
  assert.equal(put.status, 201, put.text)
  const subscribe = {
    uri: 'sip:alice-friends@example.com',
    headers: [
      ['Event', 'presence'],
      ['Supported', 'eventlist'],
      ['Accept', 'application/pidf+xml, application/rlmi+xml, multipart/related'],
    ],
  } as const
  assert.equal((await phone.send('SUBSCRIBE', subscribe)).status, 200)
  const isList = (wanted: RegExp) => (notify: SipRequest) => wanted.test(notify.body.toString())
  await phone.got('NOTIFY', isList(/<list [^>]*uri=["']sip:alice-friends@example\.com["']/))
  await desk.iq(
    'set',
    `<query xmlns='jabber:iq:roster'><item jid='bob@example.com' name='Bob'><group>Friends</group></item></query>`,
  )
  await phone.got('NOTIFY', isList(/<resource [^>]*uri=["']sip:bob@example\.com["']/))
  await phone.got('NOTIFY', isList(/application\/pidf\+xml[\s\S]*<basic>open</))
  await bob.settle()
})
