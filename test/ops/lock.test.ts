import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { lockDataDirectory } from '../../src/ops/lock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

describe('the data directory’s lock', () => {
  it('makes the directory, for its owner only, and lets go of it', () => {
    using directory = temporaryDirectory()
    const data = join(directory.path, 'a', 'b')
    const lock = lockDataDirectory(data)
    assert.equal(statSync(data).mode & 0o777, 0o700)
    assert.match(readFileSync(join(data, 'lock'), 'utf8'), new RegExp(`^${process.pid} `))
    lock[Symbol.dispose]()
    assert.equal(existsSync(join(data, 'lock')), false)
  })

  it('refuses a second server and names the first', () => {
    using directory = temporaryDirectory()
    using _lock = lockDataDirectory(directory.path)
    assert.throws(() => lockDataDirectory(directory.path), {
      code: 'DATA_IN_USE',
      message: new RegExp(`in use by another server \\(process ${process.pid}\\)`),
    })
  })

  it('is taken over from a process that is gone, or whose number another one has', () => {
    using directory = temporaryDirectory()
    const path = join(directory.path, 'lock')
    for (const stale of ['4194303 1\n', `${process.pid} 1\n`, 'nonsense', '']) {
      writeFileSync(path, stale)
      using _lock = lockDataDirectory(directory.path)
      assert.match(readFileSync(path, 'utf8'), new RegExp(`^${process.pid} `))
    }
  })

  it('says so where the directory cannot be written', () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    assert.throws(() => lockDataDirectory(join(file, 'data')), { code: 'DATA_UNWRITABLE' })
  })
})
