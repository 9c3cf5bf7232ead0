/** XEP-0363: names of files as people see them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  contentDisposition,
  percentEncoded,
  safeFileName,
} from '../../../src/xmpp/upload/file-name.ts'

test('a name stays what it is', () => {
  for (const name of [
    'a.txt',
    'très cool.jpg',
    '画像.png',
    '👩‍👧.gif',
    "it's (1) 10:30 50%.pdf",
    '.',
  ]) {
    assert.equal(safeFileName(name), name === '.' ? 'file' : name)
  }
})

test('what might be a path, or is not what it looks like, does not', () => {
  const cases: [string, string][] = [
    ['../../etc/passwd', '_.._etc_passwd'],
    ['..\\..\\boot.ini', '_.._boot.ini'],
    ['/etc/passwd', '_etc_passwd'],
    ['.htaccess', 'htaccess'],
    ['..', 'file'],
    ['', 'file'],
    [' . ', 'file'],
    ['a\r\nSet-Cookie: x=y.txt', 'aSet-Cookie: x=y.txt'],
    ['a\0b.txt', 'ab.txt'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['a\u2066b\u2069.txt', 'ab.txt'],
    ['a.txt\u2028', 'a.txt'],
    ['a          .exe', 'a .exe'],
    ['e\u0301.txt', 'é.txt'],
    ['a.txt. . .', 'a.txt'],
  ]
  for (const [given, made] of cases) assert.equal(safeFileName(given), made, JSON.stringify(given))
})

test('a name that is too long is cut, its extension stays', () => {
  assert.equal(safeFileName(`${'a'.repeat(300)}.tar`), `${'a'.repeat(251)}.tar`)
  assert.equal(safeFileName(`${'é'.repeat(300)}.jpg`), `${'é'.repeat(125)}.jpg`)
  assert.equal(safeFileName(`a.${'b'.repeat(300)}`), `a.${'b'.repeat(253)}`)
  assert.equal(safeFileName('👩'.repeat(100)), '👩'.repeat(63))
})

test('whatever is given, a header and a URL can hold it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const name = safeFileName(text)
      assert.ok(Buffer.byteLength(name) <= 255 && name.length > 0)
      assert.doesNotMatch(name, /[/\\\p{Cc}]|^\./u)
      assert.equal(safeFileName(name), name)
      assert.match(percentEncoded(name), /^[A-Za-z0-9._~%-]+$/)
      assert.equal(decodeURIComponent(percentEncoded(name)), name)
      const header = contentDisposition('attachment', name)
      assert.match(
        header,
        /^attachment; filename="[\x20-\x21\x23-\x7e]*"; filename\*=UTF-8''[A-Za-z0-9._~%-]+$/,
      )
    }),
  )
})

test('a header gives the name to those who read only ASCII and to the others', () => {
  assert.equal(
    contentDisposition('inline', 'très "cool" 100%.jpg'),
    `inline; filename="tr_s _cool_ 100_.jpg"; filename*=UTF-8''tr%C3%A8s%20%22cool%22%20100%25.jpg`,
  )
})
