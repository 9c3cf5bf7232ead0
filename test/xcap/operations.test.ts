/** Documents, elements and attributes over HTTP (RFC 4825 §8), with examples of its own. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { defineUsage } from '../../src/xcap/application-usage.ts'
import { validate } from '../support/xmllint.ts'
import { type Answer, ATT, basic, type Call, EL, openRig, type XcapRig } from './rig.ts'

/** Takes any document whose root is `root`; the value of `@unique` is one document's alone. */
const anything = defineUsage({
  auid: 'test',
  specs: [],
  mimeType: 'application/test+xml',
  defaultNs: '',
  namespaces: ['urn:test'],
  allows: (name) => name !== 'forbidden',
  check: () => undefined,
  claims: ({ root }) => {
    const value = root.attr('unique')
    return value === undefined
      ? []
      : [{ value, field: 'root/@unique', alternatives: [`${value}2`] }]
  },
})

const DOC = '/test/users/sip:alice@corp.example/index'
const TYPE = 'application/test+xml'

/** RFC 4825 §8.2.3. */
const EXAMPLE = `<?xml version="1.0"?>
<root>
 <el1 att="first"/>
 <el1 att="second"/>
 <!-- comment -->
 <el2 att="first"/>
</root>
`

async function rigWith(t: Parameters<typeof openRig>[0], text = EXAMPLE): Promise<XcapRig> {
  const rig = await openRig(t, { usages: [anything] })
  const { status } = await rig.call('PUT', DOC, { type: TYPE, body: text })
  assert.equal(status, 201)
  return rig
}

function at(selector: string): string {
  return `${DOC}/~~/${selector.split('/').map(encodeURIComponent).join('/')}`
}

function condition({ status, text, type }: Answer): string {
  assert.equal(status, 409, text)
  assert.equal(type, 'application/xcap-error+xml')
  validate('xcap-error.xsd', [text])
  assert.match(text, /^<\?xml[^>]*>\n<xcap-error xmlns='urn:ietf:params:xml:ns:xcap-error'>/)
  return /<xcap-error[^>]*><([\w-]+)/.exec(text)?.[1] ?? ''
}

describe('RFC 4825 §8.2.3: where an element goes', () => {
  const cases: [selector: string, body: string, after: string, inserted: string][] = [
    ['root/el1[@att="third"]', '<el1 att="third"/>', '<el1 att="second"/>', '<el1 att="third"/>'],
    [
      'root/el1[3][@att="third"]',
      '<el1 att="third"/>',
      '<el1 att="second"/>',
      '<el1 att="third"/>',
    ],
    ['root/*[3][@att="third"]', '<el1 att="third"/>', '<el1 att="second"/>', '<el1 att="third"/>'],
    ['root/el3', '<el3 att="first"/>', '<el2 att="first"/>\n', '<el3 att="first"/>'],
    ['root/el2[@att="2"]', '<el2 att="2"/>', '<el2 att="first"/>', '<el2 att="2"/>'],
    ['root/el2[2][@att="2"]', '<el2 att="2"/>', '<el2 att="first"/>', '<el2 att="2"/>'],
    ['root/*[2][@att="2"]', '<el2 att="2"/>', '<el1 att="first"/>', '<el2 att="2"/>'],
    ['root/el2[1][@att="2"]', '<el2 att="2"/>', '<!-- comment -->\n ', '<el2 att="2"/>'],
    ['root/*[1][@att="0"]', '<el2 att="0"/>', '<root>\n ', '<el2 att="0"/>'],
    ['root/*[@att="9"]', '<el9 att="9"/>', '<el2 att="first"/>\n', '<el9 att="9"/>'],
  ]
  for (const [selector, body, after, inserted] of cases) {
    it(`${selector} after ${JSON.stringify(after)}`, async (t) => {
      const rig = await rigWith(t)
      const put = await rig.call('PUT', at(selector), { type: EL, body })
      assert.equal(put.status, 201, put.text)
      const whole = await rig.call('GET', DOC)
      assert.equal(
        whole.text,
        EXAMPLE.replace(after, () => `${after}${inserted}`),
      )
      assert.equal(whole.etag, put.etag)
      const back = await rig.call('GET', at(selector))
      assert.deepEqual([back.status, back.text, back.type], [200, body, EL])
      const again = await rig.call('PUT', at(selector), { type: EL, body })
      assert.deepEqual([again.status, again.etag, again.text], [200, put.etag, ''])
    })
  }

  it('goes into what was empty, and keeps its own declarations', async (t) => {
    const rig = await rigWith(t, '<root xmlns:p="urn:test"><a/></root>')
    const body = '<p:b xmlns:p="urn:test" p:x="1">  <!-- as it is --> </p:b>'
    const put = await rig.call('PUT', `${at('root/a/q:b')}?xmlns(q=urn:test)`, { type: EL, body })
    assert.equal(put.status, 201, put.text)
    const { text } = await rig.call('GET', DOC)
    assert.equal(text, `<root xmlns:p="urn:test"><a>${body}</a></root>`)
    // A prefix of the place is one that a fragment may use.
    const bare = await rig.call('PUT', `${at('root/a/q:c')}?xmlns(q=urn:test)`, {
      type: EL,
      body: '<p:c/>',
    })
    assert.equal(bare.status, 201, bare.text)
  })
})

describe('RFC 4825 §8.3, §10: what is read', () => {
  it('is the document, one element, one attribute, or the bindings of an element', async (t) => {
    const text = '<r:root xmlns:r="urn:r" xmlns="urn:d"><a b="x &amp; y"/></r:root>'
    const rig = await rigWith(t, text)
    const get = (selector: string) =>
      rig.call('GET', `${at(selector)}?xmlns(r=urn:r)%20xmlns(d=urn:d)`)
    const whole = await rig.call('GET', DOC)
    assert.deepEqual([whole.status, whole.text, whole.type], [200, text, TYPE])
    assert.equal((await get('r:root/d:a')).text, '<a b="x &amp; y"/>')
    const attribute = await get('r:root/d:a/@b')
    assert.deepEqual([attribute.text, attribute.type], ['x &amp; y', ATT])
    assert.equal((await get('r:root/d:a[@b="x &amp; y"]')).status, 200)
    const bindings = await get('r:root/d:a/namespace::*')
    assert.equal(bindings.type, 'application/xcap-ns+xml')
    assert.equal(bindings.text, '<a xmlns:r="urn:r" xmlns="urn:d"/>')
    const head = await rig.call('HEAD', DOC)
    assert.deepEqual([head.status, head.text, head.etag], [200, '', whole.etag])
  })

  it('is nothing where the selector fits nothing, too much, or is no selector', async (t) => {
    const rig = await rigWith(t)
    for (const selector of ['root/el1', 'root/el9', 'el1', 'root/@none', 'root/text()', '']) {
      assert.equal((await rig.call('GET', at(selector))).status, 404, selector)
    }
    assert.equal((await rig.call('GET', at('p:root'))).status, 400)
    assert.equal((await rig.call('GET', `${at('root')}?xmlns(p`)).status, 400)
    assert.equal((await rig.call('GET', `${DOC}/~~/%ff`)).status, 400)
    assert.equal((await rig.call('GET', `${at('root')}?other(x)xmlns(p=urn:x)`)).status, 200)
  })
})

describe('RFC 4825 §8.2.4, §8.4: attributes, replacements, removals', () => {
  it('changes the value of an attribute and nothing else', async (t) => {
    const rig = await rigWith(t, `<root  a = '1'><b/></root>`)
    const put = (selector: string, body: string) =>
      rig.call('PUT', at(selector), { type: ATT, body })
    assert.equal((await put('root/@a', '2')).status, 200)
    assert.equal((await put('root/b/@c', 'say "hi" &amp; it&apos;s')).status, 201)
    assert.equal((await put('root/@d', "it's")).status, 201)
    const { text } = await rig.call('GET', DOC)
    assert.equal(text, `<root  a = "2" d="it's"><b c='say "hi" &amp; it&apos;s'/></root>`)
    assert.equal((await rig.call('DELETE', at('root/@a'))).status, 200)
    assert.equal((await rig.call('DELETE', at('root/@a'))).status, 404)
    const gone = await rig.call('GET', DOC)
    assert.match(gone.text, /^<root d="it's">/)
  })

  it('replaces and removes elements and documents', async (t) => {
    const rig = await rigWith(t)
    const body = '<el2 att="other">x</el2>'
    assert.equal((await rig.call('PUT', at('root/el2'), { type: EL, body })).status, 200)
    assert.equal((await rig.call('PUT', at('root'), { type: EL, body: '<root/>' })).status, 200)
    assert.equal((await rig.call('GET', DOC)).text, '<?xml version="1.0"?>\n<root/>\n')
    assert.equal((await rig.call('DELETE', DOC)).status, 200)
    assert.equal((await rig.call('DELETE', DOC)).status, 404)
    assert.equal((await rig.call('GET', DOC)).status, 404)
  })
})

describe('RFC 4825 §11.2: every conflict', () => {
  const cases: [condition: string, path: string, call: Call][] = [
    ['not-well-formed', DOC, { type: TYPE, body: '<root>' }],
    ['not-well-formed', DOC, { type: TYPE, body: '<!DOCTYPE r [<!ENTITY a "b">]><root/>' }],
    ['not-utf-8', DOC, { type: TYPE, body: Buffer.from([0x3c, 0xff, 0x3e]) }],
    ['not-utf-8', DOC, { type: TYPE, body: '<?xml version="1.0" encoding="utf-16"?><root/>' }],
    ['not-utf-8', at('root'), { type: EL, body: Buffer.from([0xc3]) }],
    ['not-xml-frag', at('root/el2'), { type: EL, body: '<el2/><el2/>' }],
    ['not-xml-frag', at('root/el2'), { type: EL, body: 'text' }],
    ['not-xml-frag', at('root/el2'), { type: EL, body: '<p:el2/>' }],
    ['not-xml-frag', at('root/el2'), { type: EL, body: '</f><f>' }],
    ['not-xml-att-value', at('root/@a'), { type: ATT, body: 'a<b' }],
    ['not-xml-att-value', at('root/@a'), { type: ATT, body: 'a & b' }],
    ['no-parent', at('root/none/el'), { type: EL, body: '<el/>' }],
    ['no-parent', at('none/@a'), { type: ATT, body: 'x' }],
    ['no-parent', DOC.replace('index', 'other/~~/root/el'), { type: EL, body: '<el/>' }],
    ['cannot-insert', at('root/el1[@att="x"]'), { type: EL, body: '<el1 att="y"/>' }],
    ['cannot-insert', at('root/el1[5][@att="x"]'), { type: EL, body: '<el1 att="x"/>' }],
    ['cannot-insert', at('root/el1'), { type: EL, body: '<el1/>' }],
    ['cannot-insert', at('other'), { type: EL, body: '<other/>' }],
    ['cannot-insert', at('root/el1[@att="first"]/@att'), { type: ATT, body: 'changed' }],
    ['constraint-failure', DOC.replace('index', 'forbidden'), { type: TYPE, body: '<root/>' }],
  ]
  for (const [name, path, call] of cases) {
    it(`${name}: ${path.slice(DOC.length)} ${String(call.body).slice(0, 30)}`, async (t) => {
      const rig = await rigWith(t)
      assert.equal(condition(await rig.call('PUT', path, call)), name)
      assert.equal((await rig.call('GET', DOC)).text, EXAMPLE)
    })
  }

  it('cannot-delete: the selector would then select another', async (t) => {
    const rig = await rigWith(t)
    assert.equal(condition(await rig.call('DELETE', at('root/el1[1]'))), 'cannot-delete')
    assert.equal(condition(await rig.call('DELETE', at('root'))), 'cannot-delete')
    assert.equal((await rig.call('DELETE', at('root/el1[2]'))).status, 200)
  })

  it('no-parent names the nearest that is there', async (t) => {
    const rig = await rigWith(t, '<root><a><b/></a></root>')
    const { text } = await rig.call('PUT', at('root/a/none/x'), { type: EL, body: '<x/>' })
    const base = `https://xcap.corp.example/xcap${DOC}`
    assert.ok(text.includes(`<ancestor>${base}/~~/root/a</ancestor>`), text)
  })

  it('uniqueness-failure says what is taken, and what is not', async (t) => {
    const rig = await rigWith(t, '<root unique="mine"/>')
    const other = '/test/users/bob@corp.example/index'
    const put = (body: string) => rig.call('PUT', other, { type: TYPE, body, as: basic('bob') })
    const refused = await put('<root unique="mine"/>')
    assert.equal(condition(refused), 'uniqueness-failure')
    const field = "<exists field='root/@unique'><alt-value>mine2</alt-value></exists>"
    assert.ok(refused.text.includes(field), refused.text)
    assert.equal((await put('<root unique="mine2"/>')).status, 201)
    await rig.call('DELETE', DOC)
    assert.equal((await put('<root unique="mine"/>')).status, 200)
  })
})

describe('RFC 4825 §8.2.6, §8.5: conditions', () => {
  it('go by one entity tag of the whole document, which is the text’s', async (t) => {
    const rig = await rigWith(t)
    const { etag = '' } = await rig.call('GET', DOC)
    const part = at('root/el2/@att')
    assert.equal((await rig.call('GET', part)).etag, etag)
    assert.equal((await rig.call('GET', part, { ifNoneMatch: `"${etag}"` })).status, 304)
    const put = (call: Call) => rig.call('PUT', part, { type: ATT, body: 'new', ...call })
    assert.equal((await put({ ifMatch: '"other"' })).status, 412)
    assert.equal((await put({ ifNoneMatch: '*' })).status, 412)
    const changed = await put({ ifMatch: `"other", "${etag}"` })
    assert.equal(changed.status, 200)
    assert.notEqual(changed.etag, etag)
    assert.equal((await rig.call('DELETE', DOC, { ifMatch: etag })).status, 412)
    const back = await rig.call('PUT', part, { type: ATT, body: 'first' })
    assert.equal(back.etag, etag)
    const fresh = DOC.replace('index', 'fresh')
    const create = { type: TYPE, body: '<root/>', ifNoneMatch: '*' }
    assert.equal((await rig.call('PUT', fresh, create)).status, 201)
    assert.equal((await rig.call('PUT', fresh, create)).status, 412)
    assert.equal((await rig.call('PUT', `${DOC}2`, { ...create, ifMatch: '*' })).status, 412)
  })
})

describe('RFC 4825 §8: who, what and how', () => {
  it('asks for a proof, and lets a user do what he likes with his own documents alone', async (t) => {
    const rig = await rigWith(t)
    const asked = await rig.call('GET', DOC, { as: '' })
    assert.equal(asked.status, 401)
    assert.match(String(asked.headers['www-authenticate']), /Digest realm="corp\.example"/)
    assert.match(String(asked.headers['www-authenticate']), /Basic realm="corp\.example"/)
    assert.equal((await rig.call('GET', DOC, { as: basic('alice', 'wrong') })).status, 401)
    assert.equal((await rig.call('GET', DOC, { as: basic('bob') })).status, 403)
    assert.equal(
      (await rig.call('GET', DOC, { as: basic('alice@corp.example', 'alice') })).status,
      200,
    )
    assert.equal((await rig.call('GET', DOC, { as: basic('admin') })).status, 200)
    for (const user of [
      'alice@corp.example',
      'sip:alice%40corp.example',
      'pres:ALICE@corp.example',
    ]) {
      assert.equal(
        (await rig.call('GET', DOC.replace('sip:alice@corp.example', user))).status,
        200,
        user,
      )
    }
  })

  it('writes down what administrators change', async (t) => {
    const rig = await rigWith(t)
    const as = basic('admin')
    await rig.call('GET', DOC, { as })
    await rig.call('PUT', at('root/@a'), { as, type: ATT, body: '1' })
    await rig.call('DELETE', at('root/none'), { as })
    const rows = await rig.database.kysely
      .selectFrom('audit_log')
      .selectAll()
      .orderBy('id')
      .execute()
    assert.deepEqual(
      rows.map(({ actor, action, outcome, source }) => [actor, action, outcome, source]),
      [
        ['admin', 'PUT XCAP', 'done', '198.51.100.7'],
        ['admin', 'DELETE XCAP', '404', '198.51.100.7'],
      ],
    )
    assert.ok(rows[0]?.target.startsWith(`/xcap${DOC}/~~/root/`))
  })

  it('finds neither strangers nor applications that it does not know', async (t) => {
    const rig = await rigWith(t)
    for (const path of [
      '/none/users/sip:alice@corp.example/index',
      '/test/users/sip:nobody@corp.example/index',
      '/test/other/sip:alice@corp.example/index',
      '/test/users/sip:alice@corp.example',
      '/test/users//index',
      '/test',
      '',
      '/test/global/index',
    ]) {
      assert.equal((await rig.call('GET', path)).status, 404, path)
    }
    assert.equal(
      (await rig.call('PUT', '/test/global/index', { type: TYPE, body: '<a/>' })).status,
      405,
    )
  })

  it('takes its own methods and types only, and no more than it may', async (t) => {
    const rig = await rigWith(t)
    const posted = await rig.call('POST', DOC, { type: TYPE, body: EXAMPLE })
    assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD, PUT, DELETE'])
    for (const method of ['PUT', 'DELETE'] as const) {
      const { status, headers } = await rig.call(method, at('root/namespace::*'))
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'])
    }
    for (const [path, type] of [
      [DOC, 'text/xml'],
      [at('root'), TYPE],
      [at('root/@a'), EL],
    ] as const) {
      assert.equal((await rig.call('PUT', path, { type, body: '<root/>' })).status, 415, path)
    }
    const long = `<root>${'x'.repeat(20_000)}</root>`
    assert.equal((await rig.call('PUT', DOC, { type: TYPE, body: long })).status, 413)
    const put = (name: string, size: number) =>
      rig.call('PUT', DOC.replace('index', name), {
        type: TYPE,
        body: `<root>${'x'.repeat(size)}</root>`,
      })
    assert.equal((await put('a', 19_000)).status, 201)
    assert.equal((await put('b', 19_000)).status, 201)
    assert.equal((await put('c', 19_000)).status, 507)
    for (const name of ['d', 'e']) assert.equal((await put(name, 1)).status, 201)
    assert.equal((await put('f', 1)).status, 507)
  })

  it('is for TLS only, and not for whoever asks all the time', async (t) => {
    const plain = await openRig(t, { encrypted: false })
    assert.equal((await plain.call('GET', '/xcap-caps/global/index')).status, 403)
    const rig = await openRig(t, { xcap: { requestsPerMinute: 2 } })
    const statuses = []
    for (let count = 0; count < 3; count += 1) {
      statuses.push((await rig.call('GET', '/xcap-caps/global/index')).status)
    }
    assert.deepEqual(statuses, [200, 200, 429])
  })
})
