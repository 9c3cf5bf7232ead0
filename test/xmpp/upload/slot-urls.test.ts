/** XEP-0363: names of files and leave to upload, which nobody else can make. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Slot, SlotUrls } from '../../../src/xmpp/upload/slot-urls.ts'

const urls = new SlotUrls(Buffer.alloc(32, 1))
const others = new SlotUrls(Buffer.alloc(32, 2))

function slot(changes: Partial<Slot> = {}): Slot {
  return {
    id: urls.newId(),
    account: 'alice@corp.example',
    name: 'très "cool".jpg',
    size: 5,
    contentType: 'image/jpeg',
    purpose: 'message',
    keepUntil: undefined,
    until: 1_900_000_000_000,
    ...changes,
  }
}

test('names are each another, and known to be ours', () => {
  const ids = new Set(Array.from({ length: 1000 }, () => urls.newId()))
  assert.equal(ids.size, 1000)
  for (const id of ids) {
    assert.match(id, /^[A-Za-z0-9_][A-Za-z0-9_-]{31}$/)
    assert.ok(urls.isId(id) && !others.isId(id))
  }
})

test('a name in which one letter is changed is not ours', () => {
  const id = urls.newId()
  for (let at = 0; at < id.length; at += 1) {
    const other = id[at] === 'A' ? 'B' : 'A'
    assert.ok(!urls.isId(id.slice(0, at) + other + id.slice(at + 1)), String(at))
  }
  for (const text of [
    '',
    'x',
    `${id}x`,
    id.slice(1),
    '../../../../../../../etc/passwd00',
    ' '.repeat(32),
  ]) {
    assert.ok(!urls.isId(text), text)
  }
})

test('leave comes back as it was given', () => {
  for (const one of [
    slot(),
    slot({ contentType: undefined, purpose: 'ephemeral', keepUntil: 1_900_000_000_001 }),
    slot({ name: '画像'.repeat(40) }),
  ]) {
    assert.deepEqual(urls.slot(one.id, urls.token(one)), one)
  }
})

test('leave is for one file, from us, as it was written', () => {
  const one = slot()
  const token = urls.token(one)
  assert.equal(urls.slot(urls.newId(), token), undefined)
  assert.equal(others.slot(one.id, token), undefined)
  for (let at = 0; at < token.length - 1; at += 1) {
    const other = token[at] === 'A' ? 'B' : 'A'
    assert.equal(urls.slot(one.id, token.slice(0, at) + other + token.slice(at + 1)), undefined)
  }
  for (const bad of ['', '.', 'a.b', token.slice(1), `${token}x`, 'x'.repeat(10_000)]) {
    assert.equal(urls.slot(one.id, bad), undefined)
  }
})
