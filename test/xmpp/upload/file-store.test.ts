/** XEP-0363: files on the disk are whole, or not there. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { OperatorError } from '../../../src/util/operator-error.ts'
import { FileStore, WrongLength } from '../../../src/xmpp/upload/file-store.ts'
import { UploadError } from '../../../src/xmpp/upload/upload-error.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const ID = 'AbCdEfGhIjKlMnOpQrStUvWxYz012345'

async function* body(...chunks: readonly (string | Error)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    if (chunk instanceof Error) throw chunk
    yield Buffer.from(chunk)
  }
}

function files(path: string): string[] {
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name)
}

test('a file that came as it was to come can be read, until it is removed', async () => {
  using folder = temporaryDirectory()
  const store = await FileStore.open(join(folder.path, 'deep', 'uploads'))
  assert.equal(await store.read(ID, 5), undefined)
  await store.write(ID, 5, body('he', '', 'llo'))
  const file = await store.read(ID, 5)
  assert.equal((await file?.readFile())?.toString(), 'hello')
  await file?.close()
  await store.remove(ID)
  await store.remove(ID)
  assert.equal(await store.read(ID, 5), undefined)
})

test('of one that came otherwise nothing stays', async () => {
  using folder = temporaryDirectory()
  const store = await FileStore.open(folder.path)
  await assert.rejects(store.write(ID, 5, body('hell')), WrongLength)
  await assert.rejects(store.write(ID, 5, body('hel', 'lo!')), WrongLength)
  await assert.rejects(store.write(ID, 5, body('he', new Error('cut'))), /cut/)
  assert.deepEqual(files(folder.path), [])
  await store.write(ID, 5, body('hello'))
  assert.deepEqual(files(folder.path), [ID])
})

test('a full disk is told as that', async () => {
  using folder = temporaryDirectory()
  const store = await FileStore.open(folder.path)
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const full = Object.assign(new Error('no room'), { code })
    const written = store.write(ID, 5, body('he', full))
    await assert.rejects(
      written,
      (error) => error instanceof UploadError && error.reason === 'full',
    )
  }
  assert.deepEqual(files(folder.path), [])
})

test('what a crash left half there goes when the store is opened', async () => {
  using folder = temporaryDirectory()
  mkdirSync(join(folder.path, 'partial', 'folder'), { recursive: true })
  writeFileSync(join(folder.path, 'partial', ID), 'hel')
  writeFileSync(join(folder.path, 'partial', 'folder', 'x'), 'x')
  await FileStore.open(folder.path)
  assert.deepEqual(readdirSync(join(folder.path, 'partial')), [])
})

test('an operator is told of a directory that cannot be', async () => {
  using folder = temporaryDirectory()
  writeFileSync(join(folder.path, 'file'), '')
  await assert.rejects(
    FileStore.open(join(folder.path, 'file')),
    (error) => error instanceof OperatorError && error.code === 'DATA_UNWRITABLE',
  )
})
