/** OMA's status icons and directory, over RFC 4825. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { iconId } from '../../../src/xcap/usages/pres-content.ts'
import { validate } from '../../support/xmllint.ts'
import { basic, jid, openRig } from '../rig.ts'

const ICON =
  '/org.openmobilealliance.pres-content/users/sip:alice@corp.example/oma_status-icon/index'
const TYPE = 'application/vnd.oma.pres-content+xml'

function icon(data: string, mimeType = 'image/png', encoding = 'base64'): string {
  return `<content xmlns="urn:oma:xml:prs:pres-content"><mime-type>${mimeType}</mime-type><encoding>${encoding}</encoding><data>${data}</data></content>`
}

test('an icon is written by its owner, read by every user, and a picture for whoever knows its address', async (t) => {
  const rig = await openRig(t)
  const body = icon(Buffer.from('PNG').toString('base64'))
  assert.equal((await rig.call('PUT', ICON, { type: TYPE, body, as: basic('bob') })).status, 403)
  assert.equal((await rig.call('PUT', ICON, { type: TYPE, body })).status, 201)
  assert.equal((await rig.call('GET', ICON, { as: basic('bob') })).text, body)
  assert.equal((await rig.call('DELETE', ICON, { as: basic('bob') })).status, 403)
  const picture = await rig.call('GET', `/icons/${iconId(jid('alice'), body)}`, { as: '' })
  assert.deepEqual([picture.status, picture.text, picture.type], [200, 'PNG', 'image/png'])
  assert.match(String(picture.headers['content-security-policy']), /sandbox/)
  assert.equal((await rig.call('GET', `/icons/${'x'.repeat(32)}`, { as: '' })).status, 404)
  await rig.call('DELETE', ICON)
  assert.equal(
    (await rig.call('GET', `/icons/${iconId(jid('alice'), body)}`, { as: '' })).status,
    404,
  )
})

test('its address is in presence as long as it is there (RFC 4480 §3.11), and changes nothing else', async (t) => {
  const rig = await openRig(t)
  const shown = () => {
    const { person, extras = [] } = rig.presence.document(jid('alice'))
    return `${person.state} ${extras.map(({ text }) => text).join()}`
  }
  const body = icon('AAAA')
  await rig.call('PUT', ICON, { type: TYPE, body })
  await rig.xcap.showIcons()
  const url = `https://xcap.corp.example/xcap/icons/${iconId(jid('alice'), body)}`
  const observation = { id: 'x', class: 'phone', basic: 'open', activity: 'busy' } as const
  rig.presence.report({
    ...{ presentity: jid('alice'), source: 'sip/1', until: undefined },
    observations: [{ ...observation, manual: false, since: rig.clock.now() }],
  })
  assert.ok(shown().startsWith('busy ') && shown().includes(url), shown())
  const other = icon('BBBB')
  await rig.call('PUT', ICON, { type: TYPE, body: other })
  assert.ok(shown().includes(iconId(jid('alice'), other)) && !shown().includes(url))
  await rig.call('DELETE', ICON)
  assert.equal(shown(), 'busy ')
})

test('what is no picture is refused', async (t) => {
  const rig = await openRig(t)
  for (const body of [
    icon('', 'image/png'),
    icon('AAAA', 'text/html'),
    icon('AAAA', 'image/svg+xml'),
    icon('AAAA', 'image/png', 'quoted-printable'),
    '<content xmlns="urn:oma:xml:prs:pres-content"/>',
    '<other/>',
  ]) {
    assert.equal((await rig.call('PUT', ICON, { type: TYPE, body })).status, 409, body)
  }
  const other = ICON.replace('oma_status-icon', 'other')
  assert.equal((await rig.call('PUT', other, { type: TYPE, body: icon('AAAA') })).status, 409)
})

test('the directory has what the user has, with entity tags', async (t) => {
  const rig = await openRig(t)
  await rig.contacts.put(jid('alice'), 'bob@corp.example', {})
  const other = '/resource-lists/users/sip:alice@corp.example/other'
  const lists = '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"/>'
  await rig.call('PUT', other, { type: 'application/resource-lists+xml', body: lists })
  const path = '/org.openmobilealliance.xcap-directory/users/sip:alice@corp.example/directory.xml'
  const { status, text, type } = await rig.call('GET', path)
  assert.deepEqual([status, type], [200, 'application/vnd.oma.xcap-directory+xml'])
  const { etag } = await rig.call('GET', other)
  const uri = `https://xcap.corp.example/xcap${other}`
  assert.ok(
    text.includes(`<entry uri='${uri}' etag='&quot;${etag}&quot;' size='${lists.length}'/>`),
    text,
  )
  assert.match(text, /<folder auid='resource-lists'><entry uri='[^']*\/index'/)
  assert.equal((await rig.call('PUT', path, { type: TYPE, body: '<x/>' })).status, 405)
  assert.equal((await rig.call('GET', path, { as: basic('bob') })).status, 403)
  const caps = await rig.call('GET', '/xcap-caps/global/index')
  validate('xcap-caps.xsd', [caps.text])
  for (const auid of [
    'resource-lists',
    'rls-services',
    'pres-rules',
    'org.openmobilealliance.pres-rules',
    'pidf-manipulation',
    'org.openmobilealliance.pres-content',
    'org.openmobilealliance.xcap-directory',
    'xcap-caps',
  ]) {
    assert.ok(caps.text.includes(`<auid>${auid}</auid>`), auid)
  }
})
