import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bareJid } from '../../../src/core/address.ts'
import { addressOfUri, uriOfAddress } from '../../../src/formats/pres-rules/identity-uri.ts'
import {
  ATTRIBUTES,
  MAX_GENERAL,
  MAX_IDENTITIES,
  MAX_RULES,
  PresRulesError,
  type PresRuleset,
} from '../../../src/formats/pres-rules/model.ts'
import { parsePresRules } from '../../../src/formats/pres-rules/parse.ts'
import { renderPresRules } from '../../../src/formats/pres-rules/render.ts'
import { rulesFromPresRules } from '../../../src/formats/pres-rules/rules-from-pres-rules.ts'
import { temporaryDirectory } from '../../support/temporary.ts'
import { CONTEXT, OWNER, rulesets } from './arbitraries.ts'

const BOB = '<one id="sip:bob@corp.example"/>'

function documentOf(...rules: string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<cr:ruleset xmlns="urn:ietf:params:xml:ns:common-policy" xmlns:cr="urn:ietf:params:xml:ns:common-policy"
  xmlns:pr="urn:ietf:params:xml:ns:pres-rules" xmlns:h="urn:heliograph:access" xmlns:x="urn:x">
  ${rules.join('\n')}
</cr:ruleset>`
}

function ruleOf({ identity = BOB, more = '', actions = '', transformations = '', id = 'a' }) {
  return `<rule id="${id}"><conditions><identity>${identity}</identity>${more}</conditions>
    <actions>${actions}</actions><transformations>${transformations}</transformations></rule>`
}

const parseRule = (given: Parameters<typeof ruleOf>[0]) => {
  const [rule] = parsePresRules(documentOf(ruleOf(given))).rules
  assert.ok(rule)
  return rule
}

function refusal(kind: PresRulesError['kind'], text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PresRulesError)
    assert.equal(error.kind, kind)
    assert.match(error.message, text)
    return true
  }
}

describe('a document', () => {
  it('is the same read again, with whatever rules', () => {
    fc.assert(
      fc.property(rulesets, (ruleset) => {
        assert.deepEqual(comparable(parsePresRules(renderPresRules(ruleset))), comparable(ruleset))
      }),
      { numRuns: 300 },
    )
  })

  it('is valid by the schemas of RFC 4745 and RFC 5025, with whatever rules', () => {
    using directory = temporaryDirectory()
    validate(directory.path, fc.sample(rulesets, { numRuns: 150, seed: 5025 }).map(renderPresRules))
    const wrong = documentOf(ruleOf({ actions: '<pr:sub-handling>perhaps</pr:sub-handling>' }))
    assert.throws(() => validate(directory.path, [wrong]), /perhaps/)
    assert.throws(() => validate(directory.path, [documentOf('<rule/>')]), /id/)
  })

  it('names watchers by the URIs of several schemes', () => {
    const { ones } = parseRule({
      identity:
        '<one id="sip:Bob@Corp.Example"/><one id="xmpp:carol@corp.example"/>' +
        '<one id="sips:dan%23@corp.example"/><one id="pres:eve@b%C3%BCcher.example"/>',
    })
    assert.deepEqual(
      [...ones],
      ['bob@corp.example', 'carol@corp.example', 'dan#@corp.example', 'eve@bücher.example'],
    )
    for (const uri of [
      'tel:+15551234',
      'mailto:bob@corp.example',
      'bob@corp.example',
      'sip:corp.example',
      'sip:bob@corp.example;user=phone',
      'sip:bob@corp.example:5060',
      'sip:bob:secret@corp.example',
      'xmpp:bob@corp.example/phone',
      'xmpp:bob@corp.example?roster',
      'sip:%zz@corp.example',
    ]) {
      assert.equal(addressOfUri(uri), undefined, uri)
      const read = () => parseRule({ identity: `<one id="${uri}"/>` })
      assert.throws(read, refusal('unsupported', /rule “a”.*names no watcher/))
    }
  })

  it('is about everybody where a rule has no identity', () => {
    for (const conditions of ['', '<conditions/>', '<conditions></conditions>']) {
      const { rules } = parsePresRules(documentOf(`<rule id="a">${conditions}</rule>`))
      assert.deepEqual(
        rules[0]?.manys.map(({ scope, domain }) => [scope, domain]),
        [['anybody', undefined]],
      )
    }
  })

  it('has domains as RFC 4745 §7.1.3 compares them, and exceptions', () => {
    const { manys } = parseRule({
      identity:
        '<many domain="EXAMPLE.com"><except id="sip:bob@example.com"/></many>' +
        '<many><except domain="b%C3%BCcher.example"/></many>' +
        '<h:internal/><h:external domain="xn--bcher-kva.example"/>',
    })
    assert.deepEqual(
      manys.map(({ scope, domain }) => `${scope} ${domain}`),
      ['anybody example.com', 'anybody undefined', 'internal undefined', 'external bücher.example'],
    )
    assert.deepEqual([...(manys[0]?.exceptAddresses ?? [])], ['bob@example.com'])
    assert.deepEqual([...(manys[1]?.exceptDomains ?? [])], ['bücher.example'])
  })

  it('may permit what nobody knows', () => {
    const { permissions } = parseRule({
      actions: '<x:other>1</x:other><pr:sub-handling> polite-block </pr:sub-handling>',
      transformations:
        '<pr:provide-mood>0</pr:provide-mood><pr:provide-user-input>bare</pr:provide-user-input>' +
        '<pr:provide-devices/><x:y/>' +
        '<pr:provide-unknown-attribute name="foo" ns="urn:foo">true</pr:provide-unknown-attribute>',
    })
    assert.equal(permissions.handling, 'polite-block')
    assert.deepEqual([...permissions.attributes], [])
  })

  it('grants all attributes at once or one by one, if they are true', () => {
    const caps = 'urn:ietf:params:xml:ns:pidf:caps'
    const { permissions } = parseRule({
      transformations:
        '<pr:provide-activities>true</pr:provide-activities><pr:provide-note>1</pr:provide-note>' +
        '<pr:provide-class>false</pr:provide-class><pr:provide-place-type>0</pr:provide-place-type>' +
        '<pr:provide-mood>1</pr:provide-mood><pr:provide-user-input>full</pr:provide-user-input>' +
        `<pr:provide-unknown-attribute name="servcaps" ns="${caps}">true</pr:provide-unknown-attribute>`,
    })
    const granted = ['activities', 'note', 'mood', 'user-input', 'servcaps']
    assert.deepEqual([...permissions.attributes], granted)
    assert.equal(permissions.devices, false)
    const all = parseRule({ transformations: '<pr:provide-all-attributes/>' })
    assert.deepEqual([...all.permissions.attributes], [...ATTRIBUTES])
  })
})

describe('a document that cannot be kept is refused, and the rule named', () => {
  const services = (text: string) => `<pr:provide-services>${text}</pr:provide-services>`
  const many = (text: string) => ({ identity: `<many>${text}</many>` })
  const cases: readonly [Parameters<typeof ruleOf>[0], PresRulesError['kind'], RegExp][] = [
    [{ more: '<sphere value="work"/>' }, 'unsupported', /sphere/],
    [{ more: '<validity/>' }, 'unsupported', /time/],
    [{ more: '<x:weather/>' }, 'unsupported', /weather/],
    [{ more: '<weather/>' }, 'schema', /weather/],
    [{ more: `<identity>${BOB}</identity>` }, 'unsupported', /one identity/],
    [{ identity: '' }, 'schema', /nobody/],
    [{ identity: '<one/>' }, 'schema', /no id/],
    [{ identity: '<one id="sip:b@c.example" domain="d"/>' }, 'schema', /domain/],
    [{ identity: `<one id="sip:b@c.example"><x:y/></one>` }, 'unsupported', /y in one/],
    [{ identity: '<x:list/>' }, 'unsupported', /list/],
    [{ identity: '<few/>' }, 'schema', /few/],
    [{ identity: 'bob' }, 'schema', /text/],
    [{ identity: '<many domain="a b"/>' }, 'schema', /no domain/],
    [many('<except/>'), 'schema', /either/],
    [many('<except id="sip:b@c.example" domain="d.example"/>'), 'schema', /either/],
    [many('<except id="tel:1"/>'), 'unsupported', /tel:1/],
    [many('<x:but/>'), 'unsupported', /but/],
    [{ actions: '<pr:sub-handling>maybe</pr:sub-handling>' }, 'schema', /polite-block/],
    [{ actions: '<pr:sub-handling>allow</pr:sub-handling>'.repeat(2) }, 'schema', /twice/],
    [{ actions: '<pr:mood/>' }, 'schema', /mood/],
    [{ actions: '<rule id="b"/>' }, 'schema', /rule/],
    [{ actions: '<h:later>true</h:later>' }, 'schema', /later/],
    [{ transformations: '<pr:provide-all/>' }, 'schema', /provide-all/],
    [{ transformations: '<pr:provide-note>yes</pr:provide-note>' }, 'schema', /true nor false/],
    [{ transformations: '<h:note>true</h:note>' }, 'schema', /note/],
    [{ transformations: '<pr:provide-servcaps>true</pr:provide-servcaps>' }, 'schema', /servcaps/],
    [
      { transformations: services('<pr:service-uri>sip:a</pr:service-uri>') },
      'unsupported',
      /class/,
    ],
    [{ transformations: services('<pr:all-services/><pr:class>a</pr:class>') }, 'schema', /alone/],
    [{ transformations: services('') + services('') }, 'schema', /twice/],
    [
      { transformations: '<pr:provide-persons><pr:class>a</pr:class></pr:provide-persons>' },
      'unsupported',
      /all-persons/,
    ],
    [
      {
        transformations:
          '<pr:provide-unknown-attribute name="a">true</pr:provide-unknown-attribute>',
      },
      'schema',
      /no ns/,
    ],
  ]
  for (const [given, kind, text] of cases) {
    it(`for ${JSON.stringify(given)}`, () => {
      assert.throws(() => parseRule(given), refusal(kind, text))
      assert.throws(() => parseRule(given), /rule “a”/)
    })
  }

  it('where it is no document of this kind', () => {
    const read = (text: string | Uint8Array) => () => parsePresRules(text)
    assert.throws(read('<ruleset>'), refusal('not-well-formed', /./))
    assert.throws(read(''), refusal('not-well-formed', /./))
    assert.throws(read(Uint8Array.of(0xff, 0xfe)), refusal('not-well-formed', /./))
    assert.throws(read('<!DOCTYPE a><ruleset/>'), refusal('not-well-formed', /./))
    assert.throws(read('<ruleset/>'), refusal('schema', /not ruleset/))
    assert.throws(read(documentOf('<x:rule id="a"/>')), refusal('schema', /not a rule/))
    assert.throws(read(documentOf('text')), refusal('schema', /text/))
    for (const id of ['', '1', 'a b', 'a:b']) {
      assert.throws(read(documentOf(ruleOf({ id }))), refusal('schema', /no id/))
    }
    assert.throws(read(documentOf(ruleOf({}), ruleOf({}))), refusal('schema', /“a”.*another/))
    const swapped = '<rule id="a"><actions/><conditions/></rule>'
    assert.throws(read(documentOf(swapped)), refusal('schema', /“a”.*conditions is out of place/))
  })

  it('where it is too large', () => {
    const read = (...rules: string[]) => parsePresRules(documentOf(...rules))
    const rules = (count: number) =>
      Array.from({ length: count }, (_, at) => ruleOf({ id: `r${at}` }))
    assert.equal(read(...rules(MAX_RULES)).rules.length, MAX_RULES)
    assert.throws(() => read(...rules(MAX_RULES + 1)), refusal('too-large', /500 rules/))
    const ones = (count: number) =>
      Array.from({ length: count }, (_, at) => `<one id="sip:${at}@c.example"/>`).join('')
    assert.equal(parseRule({ identity: ones(MAX_IDENTITIES) }).ones.size, MAX_IDENTITIES)
    const identity = ones(MAX_IDENTITIES + 1)
    assert.throws(() => parseRule({ identity }), refusal('too-large', /rule “a”/))
    const everybody = '<many/>'.repeat(MAX_GENERAL + 1)
    assert.throws(() => parseRule({ identity: everybody }), refusal('too-large', /rule “a”/))
    const blanks = ' '.repeat(1_048_577)
    assert.throws(() => parsePresRules(blanks), refusal('too-large', /./))
    const deep = '<x:a>'.repeat(50) + '</x:a>'.repeat(50)
    assert.throws(() => parseRule({ actions: deep }), refusal('too-large', /./))
  })
})

describe('broken documents', () => {
  const whole = renderPresRules({
    rules: fc
      .sample(rulesets, { numRuns: 6, seed: 1 })
      .flatMap(({ rules }, at) => rules.map((rule) => ({ ...rule, id: `${rule.id}-${at}` }))),
  })
  const pieces = whole.match(/<[^>]*>|[^<]+/g) ?? []

  it('are refused or taken, and nothing else', () => {
    const broken = fc.oneof(
      fc.tuple(fc.nat(whole.length), fc.string({ maxLength: 4 })).map(([at, text]) => {
        return whole.slice(0, at) + text + whole.slice(at + text.length)
      }),
      fc.shuffledSubarray(pieces).map((list) => list.join('')),
      fc.tuple(fc.nat(pieces.length), fc.nat(pieces.length)).map(([at, by]) => {
        return pieces.toSpliced(at, 1, pieces[by] ?? '').join('')
      }),
      fc.uint8Array({ maxLength: 64 }),
    )
    fc.assert(
      fc.property(broken, (input) => {
        try {
          rulesFromPresRules(parsePresRules(input), OWNER, CONTEXT)
        } catch (error) {
          assert.ok(error instanceof PresRulesError, String(error))
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('the URI of an address', () => {
  it('names the same address again', () => {
    const texts = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme-ascii' }))
    fc.assert(
      fc.property(
        texts,
        fc.constantFrom('a.example', 'bücher.example', '[::1]'),
        (local, domain) => {
          const address = bareJid(local, domain)
          if (!address?.includes('@')) return
          assert.equal(addressOfUri(uriOfAddress(address)), address)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** Sets in no order; a list of classes that is empty provides as little as none. */
function comparable({ rules }: PresRuleset) {
  return rules.map(({ ones, manys, permissions }) => ({
    ones: [...ones].sort(),
    manys: manys.map((many) => ({
      ...many,
      exceptAddresses: [...many.exceptAddresses].sort(),
      exceptDomains: [...many.exceptDomains].sort(),
    })),
    permissions: { ...permissions, attributes: [...permissions.attributes].sort() },
  }))
}

/** Throws with what xmllint complains of, and where there is no xmllint. */
function validate(directory: string, texts: readonly string[]): void {
  const schema = join(import.meta.dirname, '../schemas/auth-policy.xsd')
  const files = texts.map((text, at) => {
    const file = join(directory, `${at}.xml`)
    writeFileSync(file, text)
    return file
  })
  execFileSync('xmllint', ['--noout', '--nonet', '--schema', schema, ...files], { stdio: 'pipe' })
}
