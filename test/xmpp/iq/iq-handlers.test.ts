import assert from 'node:assert/strict'
import { test } from 'node:test'
import { xml } from '../../../src/xml/element.ts'
import { newIqHandlers } from '../../../src/xmpp/iq/iq-handlers.ts'

test('a handler is found by type, namespace and name, within its scope', () => {
  const { server, account } = newIqHandlers()
  const handler = () => undefined
  server.get('urn:x', 'query', handler)
  const query = xml('query', { xmlns: 'urn:x' })
  assert.equal(server.find('get', query), handler)
  assert.equal(server.find('set', query), undefined)
  assert.equal(server.find('get', xml('query', { xmlns: 'urn:y' })), undefined)
  assert.equal(server.find('get', xml('other', { xmlns: 'urn:x' })), undefined)
  assert.equal(account.find('get', query), undefined)
})

test('two handlers for one thing are a bug that shows at the start', () => {
  const { server } = newIqHandlers()
  server.set('urn:x', 'query', () => undefined)
  assert.throws(() => server.set('urn:x', 'query', () => undefined), /two handlers/)
})
