/** XCAP (RFC 4825) over real HTTPS with curl: Digest and Basic, conditions, elements. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { heliograph, PASSWORD, startWithPeople } from './people.ts'

test('curl reads, changes and removes what a user has', async (t) => {
  const server = await startWithPeople(t, ['alice', 'bob'])
  heliograph(server, 'domain', 'set', 'example.com', '--sip-digest', 'both')
  heliograph(server, 'user', 'password', 'alice@example.com', '--password', PASSWORD)
  const root = `https://localhost:${server.port('https')}/xcap`
  const curl = (...words: string[]) => {
    const format = '%{stderr}%{http_code}|%{content_type}|%header{etag}'
    const trust = [
      '--cacert',
      join(server.data, 'tls/ca.pem'),
      '--resolve',
      `localhost:${server.port('https')}:127.0.0.1`,
    ]
    const { stdout, stderr } = spawnSync('curl', ['-sS', ...trust, '-w', format, ...words])
    const [status = '', type = '', etag = ''] = stderr.toString().split('|')
    return { status, type, etag, text: stdout.toString() }
  }
  const document = `${root}/resource-lists/users/sip:alice@example.com/index`
  const basic = ['-u', `alice@example.com:${PASSWORD}`]
  assert.equal(curl(document).status, '401')
  assert.equal(curl(...basic, document).status, '404')
  const lists =
    '<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list name="a b"></list></resource-lists>'
  const type = 'Content-Type: application/resource-lists+xml'
  const put = curl(...basic, '-X', 'PUT', '-H', type, '--data-binary', lists, document)
  assert.equal(put.status, '201')
  for (const how of ['--digest', '--anyauth']) {
    const got = curl(how, '-u', `alice:${PASSWORD}`, document)
    assert.deepEqual(
      [got.status, got.text, got.type, got.etag],
      ['200', lists, 'application/resource-lists+xml', put.etag],
      how,
    )
  }
  const list = `${document}/~~/resource-lists/list%5b@name=%22a%20b%22%5d`
  const entry = `${list}/entry%5b@uri=%22sip:bob@example.com%22%5d`
  const element = [
    '-H',
    'Content-Type: application/xcap-el+xml',
    '--data-binary',
    '<entry uri="sip:bob@example.com"/>',
  ]
  const added = curl(
    '--digest',
    '-u',
    `alice:${PASSWORD}`,
    '-X',
    'PUT',
    ...element,
    '-H',
    `If-Match: ${put.etag}`,
    entry,
  )
  assert.equal(added.status, '201')
  assert.equal(
    curl(...basic, '-X', 'PUT', ...element, '-H', `If-Match: ${put.etag}`, entry).status,
    '412',
  )
  assert.equal(curl(...basic, '-H', `If-None-Match: ${added.etag}`, document).status, '304')
  assert.match(
    heliograph(server, 'contact', 'list', 'alice@example.com'),
    /^bob@example\.com .*a b$/m,
  )
  const refused = curl(...basic, '-X', 'PUT', ...element, list)
  assert.deepEqual([refused.status, refused.type], ['409', 'application/xcap-error+xml'])
  assert.match(refused.text, /<cannot-insert /)
  assert.equal(curl(...basic, '-X', 'DELETE', entry).status, '200')
  assert.equal(curl(...basic, '-X', 'DELETE', entry).status, '404')
  assert.equal(curl(...basic, document).etag, put.etag)
  const bob = document.replace('alice', 'bob')
  assert.equal(curl(...basic, bob).status, '403')
})
