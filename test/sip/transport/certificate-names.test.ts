import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PeerCertificate } from 'node:tls'
import { certificateNames, provesDomain } from '../../../src/sip/transport/certificate-names.ts'

function names(subjectaltname: string | undefined, commonName = 'cn.example.com') {
  const parts = { subject: { CN: commonName }, subjectaltname }
  return certificateNames(parts as unknown as PeerCertificate)
}

test('SIP URIs of the subject alternative name count before DNS names, and those before the common name', () => {
  assert.deepEqual(names('DNS:host.example.com, URI:sip:Example.com'), ['example.com'])
  assert.deepEqual(names('DNS:A.example.com, DNS:b.example.com'), [
    'a.example.com',
    'b.example.com',
  ])
  assert.deepEqual(names(undefined), ['cn.example.com'])
  assert.deepEqual(names('IP Address:192.0.2.1'), ['192.0.2.1'])
})

test('a URI with a user is a person, not a domain', () => {
  assert.deepEqual(names('URI:sip:alice@example.com, DNS:host.example.com'), ['host.example.com'])
})

test('a quoted entry cannot smuggle in another one', () => {
  assert.deepEqual(names('URI:"sip:x, DNS:evil.example.com", DNS:host.example.com'), [
    'x, dns:evil.example.com',
  ])
})

test('wildcards prove nothing (RFC 5922 §7.2)', () => {
  assert.equal(provesDomain(['*.example.com'], 'a.example.com'), false)
  assert.equal(provesDomain(['a.example.com'], 'A.Example.com'), true)
})
