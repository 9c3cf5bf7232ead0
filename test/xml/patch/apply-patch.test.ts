/** RFC 5261: patch operations and the conditions of §5.1. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseDocument, parseScopedDocument } from '../../../src/xml/document.ts'
import { applyPatch } from '../../../src/xml/patch/apply-patch.ts'
import { parseOperations } from '../../../src/xml/patch/operations.ts'
import {
  type PatchCondition,
  PatchError,
  renderPatchError,
} from '../../../src/xml/patch/patch-error.ts'
import { LIMITS } from '../support.ts'

const TARGET =
  "<doc xmlns:q='urn:q'>\n <foo id='e1' a='1'>one</foo> <foo id='e2'>two<i/>three</foo><q:bar/> </doc>"

/** `patch` is the operations, in a document with the prefix `x` for the namespace that the target calls `q`. */
function patched(patch: string, target = TARGET): string {
  const diff = parseScopedDocument(
    `<p:diff xmlns:p='urn:p' xmlns:x='urn:q'>${patch}</p:diff>`,
    LIMITS,
  )
  return applyPatch(parseDocument(target, LIMITS), parseOperations(diff)).toString()
}

const same = (text: string) => parseDocument(text, LIMITS).toString()

describe('add (RFC 5261 §4.3)', () => {
  const added: Record<string, [patch: string, result: string]> = {
    'appends to an element': [
      "<p:add sel='doc/x:bar'><foo/></p:add>",
      TARGET.replace('<q:bar/>', '<q:bar><foo/></q:bar>'),
    ],
    prepends: [
      "<p:add sel='doc/foo[2]' pos='prepend'><b/></p:add>",
      TARGET.replace('two<i/>', '<b/>two<i/>'),
    ],
    'puts before': [
      "<p:add sel='doc/foo[@id=&quot;e2&quot;]' pos='before'><b/><c/></p:add>",
      TARGET.replace("<foo id='e2'>", "<b/><c/><foo id='e2'>"),
    ],
    'puts after': [
      "<p:add sel='*/x:bar' pos='after'><x:b/></p:add>",
      TARGET.replace('<q:bar/>', '<q:bar/><q:b/>'),
    ],
    'joins texts that meet (§4.3.5)': [
      "<p:add sel='*/foo/text()[2]' pos='after'>new<bar/>elem</p:add>",
      TARGET.replace('three', 'threenew<bar/>elem'),
    ],
    'adds attributes': [
      "<p:add sel='doc/foo[1]' type='@user'>Bob</p:add>",
      TARGET.replace("a='1'", "a='1' user='Bob'"),
    ],
    'adds attributes with a namespace': [
      "<p:add sel='doc/foo[1]' type='@x:user'>Bob</p:add>",
      TARGET.replace("a='1'", "a='1' q:user='Bob'"),
    ],
    'takes declarations, which say nothing here': [
      "<p:add sel='doc' type='namespace::z'>urn:z</p:add>",
      TARGET,
    ],
  }
  for (const [name, [patch, result]] of Object.entries(added)) {
    it(name, () => assert.equal(patched(patch), same(result)))
  }
})

describe('replace (RFC 5261 §4.4)', () => {
  const replaced: Record<string, [patch: string, result: string]> = {
    'puts one element for another': [
      "<p:replace sel='doc/foo[@a=&apos;1&apos;]'><bar a='2'/></p:replace>",
      TARGET.replace("<foo id='e1' a='1'>one</foo>", "<bar a='2'/>"),
    ],
    'changes an attribute': [
      "<p:replace sel='doc/foo[1]/@a'>2</p:replace>",
      TARGET.replace("a='1'", "a='2'"),
    ],
    'leaves an attribute that is empty now': [
      "<p:replace sel='doc/foo[1]/@a'/>",
      TARGET.replace("a='1'", "a=''"),
    ],
    'changes a text': [
      "<p:replace sel='doc/foo[2]/text()[1]'>zwei</p:replace>",
      TARGET.replace('two', 'zwei'),
    ],
    'removes a text that is empty now (§4.4.6)': [
      "<p:replace sel='doc/foo[2]/text()[1]'/>",
      TARGET.replace('two', ''),
    ],
    'may change the root': ["<p:replace sel='doc'><other/></p:replace>", '<other/>'],
  }
  for (const [name, [patch, result]] of Object.entries(replaced)) {
    it(name, () => assert.equal(patched(patch), same(result)))
  }
})

describe('remove (RFC 5261 §4.5)', () => {
  const removed: Record<string, [patch: string, result: string]> = {
    'takes an element': ["<p:remove sel='*/x:bar'/>", TARGET.replace('<q:bar/>', '')],
    'takes the white space after it': [
      "<p:remove sel='*/foo[1]' ws='after'/>",
      TARGET.replace("<foo id='e1' a='1'>one</foo> ", ''),
    ],
    'takes the white space on both sides': [
      "<p:remove sel='*/foo[1]' ws='both'/>",
      TARGET.replace("\n <foo id='e1' a='1'>one</foo> ", ''),
    ],
    'takes an attribute': ["<p:remove sel='doc/foo/@a'/>", TARGET.replace(" a='1'", '')],
    'takes a text': ["<p:remove sel='doc/foo[2]/text()[2]'/>", TARGET.replace('three', '')],
    'joins the texts beside it': ["<p:remove sel='doc/foo/i'/>", TARGET.replace('<i/>', '')],
  }
  for (const [name, [patch, result]] of Object.entries(removed)) {
    it(name, () => assert.equal(patched(patch), same(result)))
  }
})

describe('a patch (RFC 5261)', () => {
  it('is applied one operation after the other', () => {
    const patch =
      "<p:remove sel='*/foo[1]'/><p:replace sel='*/foo[1]'><z/></p:replace><p:add sel='*/z'>!</p:add>"
    assert.equal(patched(patch, '<d><foo/><foo/></d>'), '<d><z>!</z></d>')
  })

  it('finds names without a prefix in its own default namespace (§4.2.1)', () => {
    const patch = "<p:add xmlns='urn:q' sel='d/e'><f/></p:add>"
    assert.equal(
      patched(patch, "<a:d xmlns:a='urn:q'><a:e/></a:d>"),
      same("<d xmlns='urn:q'><e><f/></e></d>"),
    )
  })

  it('leaves the document that it was applied to as it was', () => {
    const target = parseDocument('<d><e/></d>', LIMITS)
    const diff = parseScopedDocument(
      "<p:d xmlns:p='p'><p:add sel='d/e'>x</p:add><p:remove sel='d/f'/></p:d>",
      LIMITS,
    )
    assert.throws(() => applyPatch(target, parseOperations(diff)), PatchError)
    assert.equal(target.toString(), '<d><e/></d>')
  })
})

describe('a patch that cannot be applied (RFC 5261 §5.1)', () => {
  const refused: [patch: string, condition: PatchCondition][] = [
    ['<p:add/>', 'invalid-attribute-value'],
    ["<p:add sel='doc/'/>", 'invalid-attribute-value'],
    ["<p:add sel='//foo'/>", 'invalid-attribute-value'],
    ["<p:add sel='doc' pos='middle'/>", 'invalid-attribute-value'],
    ["<p:remove sel='doc/foo[1]' ws='all'/>", 'invalid-attribute-value'],
    ["<p:add sel='doc' type='user'>x</p:add>", 'invalid-attribute-value'],
    ["<p:add sel='y:doc'/>", 'invalid-namespace-prefix'],
    ["<p:add sel='doc' type='@y:a'>x</p:add>", 'invalid-namespace-prefix'],
    ["<p:add sel='doc' type='namespace::z'/>", 'invalid-namespace-uri'],
    ["<p:replace sel='doc/namespace::q'>urn:r</p:replace>", 'invalid-namespace-uri'],
    ["<p:replace sel='doc/foo[1]'>text</p:replace>", 'invalid-node-types'],
    ["<p:replace sel='doc/foo[1]'><a/><b/></p:replace>", 'invalid-node-types'],
    ["<p:replace sel='doc/foo[1]/@a'><a/></p:replace>", 'invalid-node-types'],
    ["<p:add sel='doc/foo[1]' type='@b'><a/></p:add>", 'invalid-node-types'],
    ["<p:move sel='doc'/>", 'invalid-patch-directive'],
    ["<add sel='doc'/>", 'invalid-patch-directive'],
    ["<p:add sel='doc' type='@b' pos='after'>x</p:add>", 'invalid-patch-directive'],
    ["<p:add sel='doc/foo[1]' type='@a'>2</p:add>", 'invalid-patch-directive'],
    ["<p:add sel='doc/foo[1]/@a'>2</p:add>", 'invalid-patch-directive'],
    ["<p:remove sel='doc/foo[1]/@a' ws='after'/>", 'invalid-patch-directive'],
    ["<p:remove sel='doc'/>", 'invalid-root-element-operation'],
    ["<p:add sel='doc' pos='after'><doc/></p:add>", 'invalid-root-element-operation'],
    ["<p:add sel='doc' pos='before'>x</p:add>", 'invalid-xml-prolog-operation'],
    ["<p:remove sel='doc/x:bar' ws='both'/>", 'invalid-whitespace-directive'],
    ["<p:remove sel='doc/foo[3]'/>", 'unlocated-node'],
    ["<p:remove sel='doc/foo'/>", 'unlocated-node'],
    ["<p:remove sel='doc/comment()'/>", 'unlocated-node'],
    ["<p:remove sel='id(&quot;e1&quot;)'/>", 'unsupported-id-function'],
    ["<p:add sel='doc'/>".repeat(201), 'invalid-diff-format'],
  ]
  for (const [patch, condition] of refused) {
    it(`${patch.slice(0, 60)}: ${condition}`, () =>
      assert.throws(
        () => patched(patch),
        (error) => error instanceof PatchError && error.condition === condition,
      ))
  }

  it('is told with the operation that failed', () => {
    const failing = "<p:add sel='doc/none'><note>some text</note></p:add>"
    assert.throws(
      () => patched(failing),
      (error) => {
        assert.ok(error instanceof PatchError)
        const told = parseDocument(renderPatchError(error), LIMITS)
        assert.ok(told.is('patch-ops-error', 'urn:ietf:params:xml:ns:patch-ops-error'))
        const condition = told.child('unlocated-node')
        assert.equal(condition?.attr('phrase'), 'the selector finds no node')
        assert.equal(condition?.child('add', 'urn:p')?.child('note', '')?.text(), 'some text')
        return true
      },
    )
  })

  it('is told without what was in it, where that is long', () => {
    const failing = `<p:add sel='doc/none'>${'x'.repeat(3000)}</p:add>`
    assert.throws(
      () => patched(failing),
      (error) => {
        assert.ok(error instanceof PatchError)
        return renderPatchError(error).length < 400
      },
    )
  })
})
