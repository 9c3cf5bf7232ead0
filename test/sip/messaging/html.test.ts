import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainTextOf } from '../../../src/sip/messaging/html.ts'

test('text stays, tags go, line ends become line ends', () => {
  const html =
    '<html><head><title>x</title></head><body><p>Hello  <b>Bob</b>,</p>\n<div>1 &lt; 2<br/>bye</div>'
  assert.equal(plainTextOf(html), 'Hello Bob,\n1 < 2\nbye')
})

test('scripts, styles and comments are not read', () => {
  assert.equal(plainTextOf('a<script>alert(1)</script>b<!-- c > -->d<style>e{}</style>f'), 'abdf')
})

test('character references are decoded once, and never to what XML cannot carry', () => {
  assert.equal(plainTextOf('&amp;lt; &#65;&#x42; &#0;&#x1F; &nope;'), '&lt; AB  &nope;')
})

test('what never ends takes no more than its length', () => {
  assert.equal(plainTextOf(`a${'<'.repeat(60_000)}`), 'a')
  assert.equal(plainTextOf('a<script>'.repeat(7_000)), 'a')
  assert.equal(plainTextOf('a <b>'.repeat(10_000)).length, 19_999)
})
