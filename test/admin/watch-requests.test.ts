import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { parseJid } from '../../src/core/address.ts'
import { basic, codeOf, jid, openRig, ruleText } from './rig.ts'

const REQUESTS = '/api/v1/users/alice@corp.example/watch-requests'
const authorization = basic('alice@corp.example', 'tea for two')

/** Everybody has to ask. */
async function openWithUsers(t: TestContext) {
  const rig = await openRig(t)
  const { directory, access, subscriptions, call } = rig
  await directory.addUser({ account: jid('alice'), password: 'tea for two' })
  for (const name of ['bob', 'carol']) await directory.addUser({ account: jid(name) })
  await directory.addAddress(jid('bob'), { type: 'e164', value: '+15557654321' })
  const confirm = {
    level: 'All',
    action: 'confirm',
    enforced: false,
    refusesMessages: false,
  } as const
  await access.put({ presentity: '*', watcher: '*', ...confirm })
  const ask = async (watcher: string) => {
    const address = parseJid(watcher)?.bare
    assert.ok(address)
    await subscriptions.ask(jid('alice'), address)
  }
  const waiting = async () => {
    const { json } = await call('GET', REQUESTS, { authorization })
    return json.requests.map(({ watcher }) => watcher)
  }
  const answer = (watcher: string, body: object) =>
    call('POST', `${REQUESTS}/${watcher}`, { authorization, body })
  const rules = () => access.rules({ presentity: jid('alice') }).map(ruleText)
  return { ...rig, ask, waiting, answer, rules }
}

function ruleTexts(rules: readonly string[]): string[] {
  return [...rules].sort()
}

test('a user sees who asked and answers, by any address', async (t) => {
  const { ask, waiting, answer, rules } = await openWithUsers(t)
  assert.deepEqual(await waiting(), [])
  for (const one of ['eve@elsewhere.example', jid('bob'), jid('carol')]) await ask(one)
  assert.deepEqual(await waiting(), [
    'bob@corp.example',
    'carol@corp.example',
    'eve@elsewhere.example',
  ])
  assert.equal((await answer('%2B15557654321', { action: 'allow' })).status, 204)
  assert.equal((await answer('eve@elsewhere.example', { action: 'block' })).status, 204)
  assert.deepEqual(await waiting(), ['carol@corp.example'])
  assert.deepEqual(ruleTexts(rules()), [
    'alice@corp.example bob@corp.example All allow',
    'alice@corp.example eve@elsewhere.example All block',
  ])
})

test('who is allowed a part waits for the rest no more', async (t) => {
  const { ask, waiting, answer, rules, call } = await openWithUsers(t)
  await ask(jid('bob'))
  await answer('bob@corp.example', { action: 'allow', level: 'Telephony' })
  assert.deepEqual(await waiting(), [])
  assert.deepEqual(ruleTexts(rules()), [
    'alice@corp.example bob@corp.example All block',
    'alice@corp.example bob@corp.example Telephony allow',
  ])
  const view = await call('GET', '/api/v1/presence/alice@corp.example/as/bob@corp.example')
  assert.deepEqual(view.json.classes, ['phone'])
})

test('a request that is not there, or another’s, is not answered', async (t) => {
  const { ask, answer, call } = await openWithUsers(t)
  await ask(jid('bob'))
  const allow = { action: 'allow' }
  assert.equal(codeOf(await answer('carol@corp.example', allow)), '404 NO_SUCH_REQUEST')
  assert.equal(codeOf(await answer('eve@elsewhere.example', allow)), '404 NO_SUCH_REQUEST')
  assert.equal(codeOf(await answer('nobody@corp.example', allow)), '404 UNKNOWN_ADDRESS')
  assert.equal(codeOf(await answer('bob@corp.example', { action: 'confirm' })), '400 BAD_REQUEST')
  const level = { action: 'allow', level: 'Desk' }
  assert.equal(codeOf(await answer('bob@corp.example', level)), '404 NO_SUCH_ACCESS_LEVEL')
  const other = '/api/v1/users/bob@corp.example/watch-requests'
  assert.equal(codeOf(await call('GET', other, { authorization })), '403 FORBIDDEN')
})
