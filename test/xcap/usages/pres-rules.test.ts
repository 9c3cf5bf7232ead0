/** Access rules as pres-rules over XCAP (RFC 5025 §9, RFC 4745). */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eachDatabase } from '../../support/databases.ts'
import { jid, openRig, type XcapRig } from '../rig.ts'

const DOC = '/pres-rules/users/sip:alice@corp.example/index'
const OMA = '/org.openmobilealliance.pres-rules/users/sip:alice@corp.example/pres-rules'
const LISTS = '/resource-lists/users/sip:alice@corp.example/index'
const TYPE = 'application/auth-policy+xml'

const ALL =
  '<transformations><pr:provide-services><pr:all-services/></pr:provide-services><pr:provide-persons><pr:all-persons/></pr:provide-persons><pr:provide-devices><pr:all-devices/></pr:provide-devices><pr:provide-all-attributes/></transformations>'

function rule(id: string, conditions: string, handling: string): string {
  const shown = handling === 'allow' ? ALL : ''
  return `<rule id="${id}"><conditions>${conditions}</conditions><actions><pr:sub-handling>${handling}</pr:sub-handling></actions>${shown}</rule>`
}

function one(user: string): string {
  return `<identity><one id="sip:${user}@corp.example"/></identity>`
}

function document(...rules: string[]): string {
  return `<?xml version="1.0"?>
<ruleset xmlns="urn:ietf:params:xml:ns:common-policy" xmlns:pr="urn:ietf:params:xml:ns:pres-rules"
  xmlns:ocp="urn:oma:xml:xdm:common-policy"><!-- mine -->${rules.join('')}</ruleset>`
}

function rulesOf({ access }: XcapRig): string[] {
  return access
    .rules({ presentity: jid('alice') })
    .map(({ watcher, action, refusesMessages }) => {
      return `${watcher.replace('@corp.example', '')} ${action}${refusesMessages ? ' messages' : ''}`
    })
    .sort()
}

eachDatabase((_kind, open) => {
  it('RFC 5025 §9: a document that is put is the user’s rules, and the rules are the document', async (t) => {
    const rig = await openRig(t, { open })
    assert.equal((await rig.call('GET', DOC)).status, 404)
    const body = document(rule('a', one('bob'), 'polite-block'), rule('b', one('carol'), 'allow'))
    const put = await rig.call('PUT', DOC, { type: TYPE, body })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(rulesOf(rig), ['* block', 'bob block', 'carol allow'])
    const back = await rig.call('GET', DOC)
    assert.deepEqual([back.text, back.etag], [body, put.etag])
    // Whoever changes a rule changes the document.
    await rig.access.removeAll({ presentity: jid('alice'), watcher: jid('bob') })
    const now = await rig.call('GET', DOC)
    assert.notEqual(now.etag, put.etag)
    assert.ok(!now.text.includes('bob') && now.text.includes('carol'), now.text)
    assert.equal((await rig.call('GET', OMA)).text, now.text)
    const again = await rig.call('PUT', DOC, { type: TYPE, body })
    assert.deepEqual([again.status, again.etag], [200, put.etag])
    assert.equal((await rig.call('DELETE', DOC)).status, 200)
    assert.deepEqual(rulesOf(rig), [])
    assert.equal((await rig.call('GET', DOC)).status, 404)
  })
})

describe('RFC 5025: parts of the rules', () => {
  it('are put and removed as elements', async (t) => {
    const rig = await openRig(t)
    await rig.call('PUT', DOC, {
      type: TYPE,
      body: document(rule('a', one('bob'), 'polite-block')),
    })
    const at = `${DOC}/~~/ruleset/rule%5b@id=%22b%22%5d`
    const body = rule('b', one('carol'), 'polite-block')
    const put = await rig.call('PUT', at, { type: 'application/xcap-el+xml', body })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(rulesOf(rig), ['* block', 'bob block', 'carol block'])
    const handling = `${at}/actions/pr:sub-handling?xmlns(pr=urn:ietf:params:xml:ns:pres-rules)`
    assert.equal(
      (await rig.call('GET', handling)).text,
      '<pr:sub-handling>polite-block</pr:sub-handling>',
    )
    assert.equal((await rig.call('DELETE', at)).status, 200)
    assert.deepEqual(rulesOf(rig), ['* block', 'bob block'])
  })

  it('are refused where they cannot be kept, in words', async (t) => {
    const rig = await openRig(t)
    const cases: [condition: string, body: string][] = [
      ['schema-validation-error', '<other xmlns="urn:x"/>'],
      ['schema-validation-error', document('<rule id="a"><actions/><conditions/></rule>')],
      ['schema-validation-error', document(rule('a', one('bob'), 'maybe'))],
      ['constraint-failure', document(rule('a', '<sphere value="work"/>', 'allow'))],
      ['constraint-failure', document(rule('a', '<ocp:external-list/>', 'block'))],
    ]
    for (const [condition, body] of cases) {
      const { status, text } = await rig.call('PUT', DOC, { type: TYPE, body })
      assert.equal(status, 409, text)
      assert.ok(text.includes(`<${condition} phrase=`), text)
    }
    const other = await rig.call('PUT', DOC.replace('index', 'other'), {
      type: TYPE,
      body: document(),
    })
    assert.match(other.text, /constraint-failure/)
    assert.deepEqual(rulesOf(rig), [])
  })

  it('leave those blocked who are blocked with their messages (XEP-0191)', async (t) => {
    const rig = await openRig(t)
    const level = 'All'
    await rig.access.put({
      ...{ presentity: jid('alice'), watcher: jid('dave'), level, action: 'block' },
      ...{ enforced: false, refusesMessages: true },
    })
    const refused = await rig.call('PUT', DOC, { type: TYPE, body: document() })
    assert.match(refused.text, /constraint-failure.*dave/)
    const body = document(rule('d', one('dave'), 'polite-block'))
    assert.equal((await rig.call('PUT', DOC, { type: TYPE, body })).status, 200)
    await rig.call('DELETE', DOC)
    assert.deepEqual(rulesOf(rig), ['dave block messages'])
  })
})

describe('OMA’s conditions, over RFC 4745', () => {
  const list = (name: string) =>
    `<ocp:external-list><ocp:entry anc="https://xcap.corp.example/xcap${LISTS}/~~/resource-lists/list%5B@name=%22${name}%22%5D"/></ocp:external-list>`
  const body = document(
    rule('wp_prs_allow_own', one('alice'), 'allow'),
    rule('wp_prs_grantedcontacts', list('oma_grantedcontacts'), 'allow'),
    rule('wp_prs_blockedcontacts', list('oma_blockedcontacts'), 'polite-block'),
    rule('wp_prs_unlisted', '<ocp:other-identity/>', 'confirm'),
    rule('wp_prs_block_anonymous', '<ocp:anonymous-request/>', 'block'),
  )
  const lists = (granted: string, blocked: string) =>
    `<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list name="oma_grantedcontacts"><entry uri="sip:${granted}@corp.example"/></list><list name="oma_blockedcontacts"><entry uri="sip:${blocked}@corp.example"/></list></resource-lists>`
  const putLists = (rig: XcapRig, granted: string, blocked: string) =>
    rig.call('PUT', LISTS, {
      type: 'application/resource-lists+xml',
      body: lists(granted, blocked),
    })

  it('are rules about who is on a list, as long as he is', async (t) => {
    const rig = await openRig(t)
    assert.equal((await putLists(rig, 'bob', 'carol')).status, 201)
    const put = await rig.call('PUT', OMA, { type: TYPE, body })
    assert.equal(put.status, 201, put.text)
    assert.deepEqual(rulesOf(rig), ['* confirm', 'bob allow', 'carol block'])
    assert.equal((await rig.call('GET', OMA)).text, body)
    await putLists(rig, 'bob', 'dave')
    // What follows takes its turn after the rules.
    const { text, etag } = await rig.call('PUT', OMA, { type: TYPE, body })
    assert.equal(text, '')
    assert.deepEqual(rulesOf(rig), ['* confirm', 'bob allow', 'dave block'])
    assert.equal(etag, put.etag)
  })

  it('follow the lists by themselves, also after a restart, and not against the user’s newer word', async (t) => {
    const rig = await openRig(t)
    await putLists(rig, 'bob', 'carol')
    await rig.call('PUT', OMA, { type: TYPE, body })
    await rig.xcap.documents.restore()
    await putLists(rig, 'bob', 'dave')
    await rig.xcap.documents.change(
      { account: jid('alice'), auid: 'test', name: 'x' },
      () => undefined,
    )
    assert.deepEqual(rulesOf(rig), ['* confirm', 'bob allow', 'dave block'])
    await rig.access.removeAll({ presentity: jid('alice'), watcher: '*' })
    await putLists(rig, 'carol', 'dave')
    await rig.xcap.documents.change(
      { account: jid('alice'), auid: 'test', name: 'x' },
      () => undefined,
    )
    assert.deepEqual(rulesOf(rig), ['bob allow', 'dave block'])
  })
})
