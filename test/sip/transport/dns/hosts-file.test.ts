import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { addressesInHosts } from '../../../../src/sip/transport/dns/hosts-file.ts'
import { temporaryDirectory } from '../../../support/temporary.ts'

test('names of hosts(5) are found in any case, comments are not', async () => {
  using directory = temporaryDirectory()
  const file = join(directory.path, 'hosts')
  writeFileSync(file, '# 192.0.2.9 proxy\n192.0.2.1 a Proxy # b\n2001:DB8:0::1\tproxy\n')
  assert.deepEqual(await addressesInHosts('proxy', file), ['192.0.2.1', '2001:db8::1'])
  assert.deepEqual(await addressesInHosts('b', file), [])
  assert.deepEqual(await addressesInHosts('a', join(directory.path, 'none')), [])
})
