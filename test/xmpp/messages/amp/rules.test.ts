/** XEP-0079 §5 and §6: rules as they are written, and what is wrong with them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StanzaError } from '../../../../src/xmpp/errors.ts'
import { rulesOf } from '../../../../src/xmpp/messages/amp/amp.ts'
import { instantOf, parseRules } from '../../../../src/xmpp/messages/amp/rules.ts'
import { parseStanza } from '../../../../src/xmpp/messages/render.ts'

const rule = (condition: string, action: string, value: string) =>
  `<rule condition='${condition}' action='${action}' value='${value}'/>`

function parse(rules: string, attrs = `id='m1'`) {
  const text = `<message ${attrs}><amp xmlns='http://jabber.org/protocol/amp'>${rules}</amp></message>`
  const message = parseStanza(text)
  const amp = message && rulesOf(message)
  assert.ok(message && amp)
  return parseRules(message, amp)
}

/** The refusal, with the rules that it names. */
function refusal(rules: string, attrs?: string): string {
  try {
    parse(rules, attrs)
  } catch (error) {
    assert.ok(error instanceof StanzaError)
    const named = [...(error.detail?.elements() ?? [])].map(({ attrs }) => attrs.value)
    return [error.condition, error.detail?.name, ...named].filter(Boolean).join(' ')
  }
  return 'none'
}

describe('rules', () => {
  it('are read in their order', () => {
    const rules = rule('deliver', 'drop', 'stored') + rule('match-resource', 'notify', 'other')
    assert.deepEqual(parse(rules), [
      { condition: 'deliver', action: 'drop', value: 'stored' },
      { condition: 'match-resource', action: 'notify', value: 'other' },
    ])
  })

  it('that cannot be kept are all named (§6.1)', () => {
    assert.equal(
      refusal(
        rule('deliver', 'shout', 'direct') +
          rule('deliver', 'drop', 'none') +
          rule('deliver', '', 'stored'),
      ),
      'bad-request unsupported-actions direct stored',
    )
    assert.equal(
      refusal(rule('weather', 'drop', 'rain')),
      'bad-request unsupported-conditions rain',
    )
    for (const [condition, value] of [
      ['deliver', 'never'],
      ['deliver', ''],
      ['match-resource', 'some'],
      ['expire-at', 'tomorrow'],
      ['expire-at', '2030-01-01T00:00:00+02:00'],
    ] as const) {
      const named = value === '' ? '' : ` ${value}`
      assert.equal(refusal(rule(condition, 'drop', value)), `not-acceptable invalid-rules${named}`)
    }
    assert.match(
      refusal(rule('deliver', 'drop', 'none').repeat(21)),
      /^not-acceptable invalid-rules/,
    )
  })

  it('need an id for what comes back (§1.3), and there are some', () => {
    assert.equal(refusal(rule('deliver', 'drop', 'none'), ''), 'bad-request')
    assert.equal(refusal(rule('deliver', 'drop', 'none'), `id=''`), 'bad-request')
    assert.equal(refusal(''), 'bad-request')
  })

  it('are none in an answer or in an error', () => {
    for (const text of [
      `<message type='error'><amp xmlns='http://jabber.org/protocol/amp'/></message>`,
      `<message><amp xmlns='http://jabber.org/protocol/amp' status='alert'/></message>`,
      `<message><amp xmlns='urn:x'/></message>`,
    ]) {
      const message = parseStanza(text)
      assert.equal(message && rulesOf(message), undefined, text)
    }
  })
})

it('an instant is in UTC (§3.3.2)', () => {
  assert.equal(instantOf('2030-01-01T00:00:00Z'), Date.UTC(2030, 0, 1))
  assert.equal(instantOf('2030-01-01T00:00:00.500+00:00'), Date.UTC(2030, 0, 1) + 500)
  for (const wrong of ['2030-13-01T00:00:00Z', '2030-01-01', '', '2030-01-01T00:00:00']) {
    assert.equal(instantOf(wrong), undefined, wrong)
  }
})
