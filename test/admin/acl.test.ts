import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { requireJid } from '../../src/core/address.ts'
import { type Call, codeOf, jid, openRig, ruleText } from './rig.ts'

const ACL = '/api/v1/acl'

/** With Alice, who has a number, and Bob, who has an address at a partner. */
async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, call } = rig
  await directory.addUser({ account: jid('alice') })
  await directory.addAddress(jid('alice'), { type: 'e164', value: '+15551234567' })
  await directory.addUser({ account: jid('bob') })
  await directory.addAddress(jid('bob'), { type: 'other-xmpp', value: 'robert@partner.example' })
  const put = (body: object, query = '') => call('PUT', `${ACL}${query}`, { body })
  const list = async (query = '', given: Call = {}) => {
    const { json } = await call('GET', `${ACL}${query}`, given)
    return json.rules.map(ruleText)
  }
  const remove = async (query: string) => (await call('DELETE', `${ACL}${query}`)).json.deleted
  return { ...rig, put, list, remove }
}

test('a rule is put by any address of both, changed, found and deleted', async (t) => {
  const { put, list, remove } = await openWithUsers(t)
  const rule = {
    presentity: '+15551234567',
    watcher: 'sip:robert@partner.example',
    action: 'allow',
  }
  const made = await put(rule)
  assert.equal(made.json.outcome, 'created')
  assert.deepEqual(made.json.rule, {
    presentity: 'alice@corp.example',
    watcher: 'bob@corp.example',
    level: 'All',
    action: 'allow',
    enforced: false,
    refusesMessages: false,
    kind: 'pair',
    updatedAt: '2030-01-01T09:00:00.000Z',
  })
  assert.equal((await put(rule)).json.outcome, 'same')
  assert.equal((await put({ ...rule, action: 'block' })).json.outcome, 'changed')
  const expected = ['alice@corp.example bob@corp.example All block']
  for (const query of [
    '',
    '?presentity=tel:%2B15551234567',
    '?watcher=robert@partner.example',
    '?presentity=alice@corp.example&watcher=bob@corp.example',
    '?action=block&level=All&enforced=false&kind=pair',
  ]) {
    assert.deepEqual(await list(query), expected, query)
  }
  for (const query of [
    '?presentity=bob@corp.example',
    '?watcher=alice@corp.example',
    '?watcher=eve@elsewhere.example',
    '?watcher=robert@partner.example&external=true',
    '?action=allow',
    '?level=Telephony',
    '?enforced=true',
    '?kind=user-default',
  ]) {
    assert.deepEqual(await list(query), [], query)
  }
  assert.equal(await remove('?presentity=%2B15551234567&watcher=bob@corp.example'), 1)
  assert.equal(await remove('?presentity=%2B15551234567'), 0)
  assert.deepEqual(await list(), [])
})

test('a watcher of another system is taken as he is, if that is said', async (t) => {
  const { put, list, remove } = await openWithUsers(t)
  const rule = { presentity: 'alice@corp.example', action: 'allow' }
  const eve = { ...rule, watcher: 'sip:Eve@Elsewhere.example' }
  assert.equal(codeOf(await put(eve)), '404 UNKNOWN_ADDRESS')
  assert.equal((await put({ ...eve, external: true })).status, 200)
  const own = { ...rule, watcher: 'bob@corp.example', external: true }
  assert.equal(codeOf(await put(own)), '400 BAD_ADDRESS')
  assert.equal((await put({ ...rule, watcher: 'robert@partner.example' })).status, 200)
  assert.equal(
    (await put({ ...rule, watcher: 'robert@partner.example', external: true })).status,
    200,
  )
  assert.deepEqual(await list(), [
    'alice@corp.example bob@corp.example All allow',
    'alice@corp.example eve@elsewhere.example All allow',
    'alice@corp.example robert@partner.example All allow',
  ])
  assert.deepEqual(await list('?watcher=eve@elsewhere.example'), [
    'alice@corp.example eve@elsewhere.example All allow',
  ])
  assert.equal(await remove('?watcher=robert@partner.example&external=true'), 1)
  assert.equal(await remove('?watcher=eve@elsewhere.example'), 1)
  assert.deepEqual(await list(), ['alice@corp.example bob@corp.example All allow'])
})

test('rules are told apart by kind, and deleted so', async (t) => {
  const { put, list, remove } = await openWithUsers(t)
  const rules = [
    ['alice@corp.example', 'bob@corp.example', 'allow', 'pair'],
    ['alice@corp.example', '@Partner.example', 'block', 'pair'],
    ['alice@corp.example', '*', 'confirm', 'user-default'],
    ['alice@corp.example', '@*', 'block', 'user-default'],
    ['@Corp.example', '*', 'allow', 'domain-default'],
    ['@xmpp.example', '*', 'allow', 'domain-default'],
    ['*', '*', 'confirm', 'system-default'],
  ] as const
  for (const [presentity, watcher, action, kind] of rules) {
    const { json } = await put({ presentity, watcher, action })
    assert.equal(json.rule.kind, kind)
  }
  assert.equal(await remove('?kind=pair&action=allow'), 1)
  assert.equal(await remove('?kind=pair'), 1)
  assert.deepEqual(await list(), [
    '* * All confirm',
    '@corp.example * All allow',
    '@xmpp.example * All allow',
    'alice@corp.example * All confirm',
    'alice@corp.example @* All block',
  ])
  assert.deepEqual(await list('?skip=1&limit=2'), [
    '@corp.example * All allow',
    '@xmpp.example * All allow',
  ])
  assert.equal(await remove('?presentity=@CORP.example'), 1)
  assert.equal(await remove('?all=true'), 4)
})

test('enforced rules stand beside the user’s own', async (t) => {
  const { put, list, remove } = await openWithUsers(t)
  const rule = { presentity: 'alice@corp.example', watcher: 'bob@corp.example' }
  await put({ ...rule, action: 'allow' })
  await put({ ...rule, action: 'block', enforced: true })
  assert.deepEqual(await list(), [
    'alice@corp.example bob@corp.example All block enforced',
    'alice@corp.example bob@corp.example All allow',
  ])
  assert.equal(await remove('?presentity=alice@corp.example&enforced=false'), 1)
  assert.deepEqual(await list(), ['alice@corp.example bob@corp.example All block enforced'])
})

test('a rule may have to be new, or to be there', async (t) => {
  const { put, list } = await openWithUsers(t)
  const rule = { presentity: 'alice@corp.example', watcher: 'bob@corp.example', action: 'allow' }
  assert.equal(codeOf(await put(rule, '?existing=require')), '404 NO_SUCH_RULE')
  assert.equal((await put(rule, '?existing=refuse')).json.outcome, 'created')
  assert.equal(codeOf(await put(rule, '?existing=refuse')), '409 RULE_EXISTS')
  const changed = await put({ ...rule, action: 'block' }, '?existing=require')
  assert.equal(changed.json.outcome, 'changed')
  assert.deepEqual(await list(), ['alice@corp.example bob@corp.example All block'])
})

test('what is no rule is refused, and named in the audit log', async (t) => {
  const { call, put } = await openWithUsers(t)
  const rule = { presentity: 'alice@corp.example', watcher: 'bob@corp.example', action: 'allow' }
  for (const [expected, body] of [
    ['404 UNKNOWN_ADDRESS', { ...rule, presentity: 'eve@corp.example' }],
    ['404 UNKNOWN_ADDRESS', { ...rule, watcher: 'eve@corp.example' }],
    ['400 BAD_ADDRESS', { ...rule, presentity: '@' }],
    ['400 BAD_ADDRESS', { ...rule, watcher: '@a b' }],
    ['400 BAD_RULE', { ...rule, presentity: '@*' }],
    ['400 BAD_RULE', { ...rule, watcher: 'alice@corp.example' }],
    ['400 BAD_RULE', { ...rule, refusesMessages: true }],
    ['404 NO_SUCH_ACCESS_LEVEL', { ...rule, level: 'Desk' }],
    ['400 BAD_REQUEST', { ...rule, action: 'maybe' }],
    ['400 BAD_REQUEST', { ...rule, mood: 'good' }],
    ['400 BAD_REQUEST', { action: 'allow' }],
  ] as const) {
    assert.equal(codeOf(await put(body)), expected, JSON.stringify(body))
  }
  assert.equal(codeOf(await call('DELETE', ACL)), '400 BAD_REQUEST')
  await put(rule)
  await call('DELETE', `${ACL}?presentity=alice@corp.example`)
  const { json } = await call('GET', '/api/v1/audit?limit=3')
  assert.deepEqual(
    json.entries.map(({ action, target, outcome }) => `${action}: ${target}: ${outcome}`),
    [
      `DELETE ${ACL}: ${ACL}?presentity=alice@corp.example: 1: done`,
      `PUT ${ACL}: alice@corp.example bob@corp.example All allow: done`,
      `DELETE ${ACL}: ${ACL}: BAD_REQUEST`,
    ],
  )
})

test('rules go with the user whom they are about', async (t) => {
  const first = await openWithUsers(t)
  await first.put({
    presentity: 'alice@corp.example',
    watcher: 'bob@corp.example',
    action: 'block',
  })
  await first.put({ presentity: '*', watcher: '*', action: 'confirm' })
  await first.call('DELETE', '/api/v1/users/bob@corp.example')
  assert.deepEqual(await first.list(), ['* * All confirm'])
})

test('cross-domain communication is switched for everybody at once', async (t) => {
  const { call, access } = await openWithUsers(t)
  const SETTINGS = '/api/v1/settings'
  const account = requireJid('carol@west.example').bare
  const watcher = { address: account, account, protocol: 'sip' } as const
  assert.equal(access.decide(jid('alice'), watcher, false).decision, 'allow')
  assert.deepEqual((await call('GET', SETTINGS)).json, { crossDomain: true, sameSystem: 'allow' })
  const off = await call('PATCH', SETTINGS, { body: { crossDomain: false } })
  assert.deepEqual(off.json, { crossDomain: false, sameSystem: 'allow' })
  assert.equal(access.crossDomain, false)
  assert.equal(access.decide(jid('alice'), watcher, false).decision, 'block')
  assert.equal(codeOf(await call('PATCH', SETTINGS, { body: {} })), '400 BAD_REQUEST')
  const body = { crossDomain: 'off' }
  assert.equal(codeOf(await call('PATCH', SETTINGS, { body })), '400 BAD_REQUEST')
})
