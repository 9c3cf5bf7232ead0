import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { parsePresRules } from '../../src/formats/pres-rules/parse.ts'
import { basic, codeOf, jid, openRig, ruleText } from './rig.ts'

const ALICE = '/api/v1/users/alice@corp.example/pres-rules'
const TYPE = 'application/auth-policy+xml'
const authorization = basic('alice@corp.example', 'tea for two')

async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, access, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  await directory.addUser({ account: jid('bob') })
  const get = (path = ALICE) => call('GET', path, { authorization })
  const put = (text: string, { path = ALICE, type = TYPE } = {}) =>
    call('PUT', path, { authorization, text, type })
  const rules = () =>
    access
      .rules({ presentity: jid('alice') })
      .map((rule) => ruleText(rule).replace('alice@corp.example ', ''))
      .sort()
  const own = (watcher: string, action: 'allow' | 'block', refusesMessages = false) =>
    access.put({
      presentity: jid('alice'),
      watcher,
      level: 'All',
      action,
      enforced: false,
      refusesMessages,
    })
  return { ...rig, get, put, rules, own }
}

const WHOLE =
  '<transformations><pr:provide-services><pr:all-services/></pr:provide-services>' +
  '<pr:provide-persons><pr:all-persons/></pr:provide-persons><pr:provide-devices><pr:all-devices/></pr:provide-devices><pr:provide-all-attributes/></transformations>'

function documentOf(...rules: string[]): string {
  const numbered = rules.map((rule, at) => `<rule id="r${at + 1}">${rule}</rule>`).join('')
  return `<?xml version="1.0"?>
<ruleset xmlns="urn:ietf:params:xml:ns:common-policy" xmlns:pr="urn:ietf:params:xml:ns:pres-rules"
  xmlns:h="urn:heliograph:access">${numbered}</ruleset>`
}

function ruleFor(identity: string, handling: string, rest = ''): string {
  const actions = `<pr:sub-handling>${handling}</pr:sub-handling>`
  return `<conditions><identity>${identity}</identity></conditions><actions>${actions}</actions>${rest}`
}

test('a document replaces the owner’s rules, and none that is enforced', async (t) => {
  const { access, call, get, put, rules, own } = await openWithUsers(t)
  await own('eve@elsewhere.example', 'block')
  await own('*', 'allow')
  await access.put({
    presentity: jid('alice'),
    watcher: 'bob@corp.example',
    level: 'All',
    action: 'allow',
    enforced: true,
    refusesMessages: false,
  })
  let told = 0
  using _ = access.onChange(() => {
    told += 1
  })
  const sent = documentOf(
    ruleFor('<one id="sip:bob@corp.example"/><one id="xmpp:pal@partner.example"/>', 'allow', WHOLE),
  )
  const answer = await put(sent)
  assert.equal(answer.status, 200)
  assert.deepEqual(rules(), [
    '* All block',
    'bob@corp.example All allow',
    'bob@corp.example All allow enforced',
    'pal@partner.example All allow',
  ])
  assert.ok(told > 0)
  const shown = await get()
  assert.match(shown.headers['content-type'] ?? '', /^application\/auth-policy\+xml/)
  assert.equal((await put(shown.text)).status, 200)
  assert.equal(rules().length, 4)
  const { entries } = (await call('GET', '/api/v1/audit')).json
  const puts = entries.filter(({ action }) => action.endsWith('/pres-rules'))
  assert.deepEqual(
    puts.map(({ target, outcome }) => `${target} ${outcome}`),
    Array(2).fill('alice@corp.example 3 rules done'),
  )
})

test('whoever has no rules leaves everything to the system, and says so', async (t) => {
  const { get, put, rules } = await openWithUsers(t)
  const { text } = await get()
  assert.equal(parsePresRules(text).rules.length, 1)
  assert.match(text, /<h:system-policy>true</)
  assert.equal((await put(text)).status, 200)
  assert.deepEqual(rules(), [])
})

test('nothing is changed by a document that is refused, and the refusal names the rule', async (t) => {
  const { get, put, rules, own } = await openWithUsers(t)
  await own('bob@corp.example', 'block')
  const before = rules()
  const bob = '<one id="sip:bob@corp.example"/>'
  const sphere = `<conditions><identity>${bob}</identity><sphere value="work"/></conditions>`
  for (const [text, code, message] of [
    ['<ruleset', '400 BAD_PRES_RULES', /./],
    [documentOf(ruleFor(bob, 'perhaps')), '400 BAD_PRES_RULES', /“r1”/],
    [documentOf(ruleFor(bob, 'allow'), sphere), '409 UNSUPPORTED_PRES_RULES', /“r2”.*sphere/],
    ['x'.repeat(1_048_577), '413 TOO_LARGE', /./],
  ] as const) {
    const answer = await put(text)
    assert.equal(codeOf(answer), code)
    assert.match(answer.json.error.message, message)
    assert.deepEqual(rules(), before)
  }
  for (const type of ['application/json', 'text/csv']) {
    assert.equal(codeOf(await put('""', { type })), '415 BAD_MEDIA_TYPE', type)
  }
  await own('bob@corp.example', 'allow')
  await own('*', 'block')
  assert.equal((await get()).status, 200)
})

test('rules that no document can say are not shown half', async (t) => {
  const { access, get } = await openWithUsers(t)
  await access.put({
    presentity: jid('alice'),
    watcher: 'bob@corp.example',
    level: 'Telephony',
    action: 'block',
    enforced: false,
    refusesMessages: false,
  })
  const answer = await get()
  assert.equal(codeOf(answer), '409 UNSUPPORTED_PRES_RULES')
  assert.match(answer.json.error.message, /bob@corp\.example/)
})

test('a watcher is meant by any of his addresses', async (t) => {
  const { directory, put, rules } = await openWithUsers(t)
  await directory.addAddress(jid('bob'), { type: 'sip', value: 'sip:robert@corp.example' })
  await put(documentOf(ruleFor('<one id="sip:robert@corp.example"/>', 'allow', WHOLE)))
  assert.deepEqual(rules(), ['* All block', 'bob@corp.example All allow'])
})

test('who is blocked with his messages stays so', async (t) => {
  const { access, get, put, rules, own } = await openWithUsers(t)
  await own('eve@elsewhere.example', 'block', true)
  assert.equal((await put((await get()).text)).status, 200)
  assert.deepEqual(rules(), ['eve@elsewhere.example All block'])
  assert.equal(access.rules({ refusesMessages: true }).length, 1)
  const eve = '<one id="sip:eve@elsewhere.example"/>'
  for (const text of [documentOf(), documentOf(ruleFor(eve, 'allow', WHOLE))]) {
    const answer = await put(text)
    assert.equal(codeOf(answer), '409 UNSUPPORTED_PRES_RULES')
    assert.match(answer.json.error.message, /eve@elsewhere\.example/)
  }
  assert.equal((await put(documentOf(ruleFor(eve, 'block')))).status, 200)
  assert.equal(access.rules({ refusesMessages: true }).length, 1)
})

test('a user has his own document only', async (t) => {
  const { call, get, put } = await openWithUsers(t)
  const path = '/api/v1/users/bob@corp.example/pres-rules'
  assert.equal(codeOf(await get(path)), '403 FORBIDDEN')
  assert.equal(codeOf(await put(documentOf(), { path })), '403 FORBIDDEN')
  assert.equal((await call('GET', path)).status, 200)
  const nobody = await call('GET', '/api/v1/users/zoe@corp.example/pres-rules')
  assert.equal(codeOf(nobody), '404 UNKNOWN_ADDRESS')
})
