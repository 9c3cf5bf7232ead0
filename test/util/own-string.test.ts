import assert from 'node:assert/strict'
import { it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ownString, sharedString } from '../../src/util/own-string.ts'

it('an own string is equal, and lets the text that it was cut from go', () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const kept: string[] = []
  const used = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = used()
  for (let n = 0; n < 50; n++) {
    const chunk = `${n} a name of some length `.padEnd(
      1_000_000,
      String.fromCharCode(97 + (n % 26)),
    )
    const name = chunk.slice(0, 20)
    kept.push(ownString(name))
    assert.equal(kept.at(-1), name)
  }
  // Fifty chunks of a megabyte each would be held by slices of them.
  assert.ok(used() - before < 10_000_000)
})

it('a shared copy is the same for all who ask for it, and as long as the text', () => {
  assert.equal(sharedString('sip:a@example.com'), 'sip:a@example.com')
  assert.equal(sharedString('ä'.repeat(500)), 'ä'.repeat(500))
})
