/** The tables of docs/adr/0009-pres-rules.md. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parsePresRules } from '../../../src/formats/pres-rules/parse.ts'
import { presRulesFromRules } from '../../../src/formats/pres-rules/pres-rules-from-rules.ts'
import { renderPresRules } from '../../../src/formats/pres-rules/render.ts'
import { rulesFromPresRules } from '../../../src/formats/pres-rules/rules-from-pres-rules.ts'
import { testAccess } from '../../support/access.ts'
import { CONTEXT, OWNER, rule } from './arbitraries.ts'

const BOB = '<one id="sip:bob@corp.example"/>'
const EVE = '<one id="sip:eve@partner.example"/>'
const ALL = '<pr:all-services/>'
const PHONE = '<pr:class>phone</pr:class>'

/** A rule with all that an `allow` needs beside its services. */
function permit(identity: string, services: string, more = ''): string {
  return (
    `${conditions(identity)}<actions>${handling('allow')}${more}</actions>` +
    `<transformations><pr:provide-services>${services}</pr:provide-services>` +
    '<pr:provide-persons><pr:all-persons/></pr:provide-persons><pr:provide-devices><pr:all-devices/></pr:provide-devices>' +
    '<pr:provide-all-attributes/></transformations>'
  )
}

function act(identity: string, actions: string): string {
  return `${conditions(identity)}<actions>${actions}</actions>`
}

function conditions(identity: string): string {
  return `<conditions><identity>${identity}</identity></conditions>`
}

function handling(value: string): string {
  return `<pr:sub-handling>${value}</pr:sub-handling>`
}

function documentOf(...rules: string[]): string {
  const numbered = rules.map((text, at) => `<rule id="r${at + 1}">${text}</rule>`).join('')
  return (
    '<ruleset xmlns="urn:ietf:params:xml:ns:common-policy" ' +
    'xmlns:pr="urn:ietf:params:xml:ns:pres-rules" xmlns:h="urn:heliograph:access">' +
    `${numbered}</ruleset>`
  )
}

function rulesOf(...rules: string[]): string[] {
  return rulesFromPresRules(parsePresRules(documentOf(...rules)), OWNER, CONTEXT).map(
    ({ watcher, level, action }) => `${watcher} ${level} ${action}`,
  )
}

const NOBODY_ELSE = '* All block'

describe('a document becomes rules:', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    ['nothing said, everybody blocked', [], [NOBODY_ELSE]],
    ['allow', [permit(BOB, ALL)], [NOBODY_ELSE, 'bob@corp.example All allow']],
    [
      'allow for one class',
      [permit(BOB, PHONE)],
      [NOBODY_ELSE, 'bob@corp.example Telephony allow', 'bob@corp.example All block'],
    ],
    [
      'classes in any case and order',
      [permit(BOB, '<pr:class>Out-Of-Office</pr:class><pr:class>CALENDAR</pr:class>')],
      [NOBODY_ELSE, 'bob@corp.example Meetings allow', 'bob@corp.example All block'],
    ],
    [
      'block, which is polite here',
      [act(BOB, handling('block'))],
      [NOBODY_ELSE, 'bob@corp.example All block'],
    ],
    [
      'allow without anything provided: active, and nothing to see',
      [act(BOB, handling('allow'))],
      [NOBODY_ELSE, 'bob@corp.example All block'],
    ],
    [
      'allow with an empty list of services, which is the same',
      [permit(BOB, '')],
      [NOBODY_ELSE, 'bob@corp.example All block'],
    ],
    [
      'confirm',
      [act(BOB + EVE, handling('confirm'))],
      [NOBODY_ELSE, 'bob@corp.example All confirm', 'eve@partner.example All confirm'],
    ],
    ['many', [permit('<many/>', ALL)], ['* All allow', '@* All allow']],
    ['many, asked', [act('<many/>', handling('confirm'))], ['* All confirm']],
    [
      'many of a domain',
      [permit('<many domain="partner.example"/>', ALL)],
      [NOBODY_ELSE, '@partner.example All allow'],
    ],
    [
      'many but one',
      [permit('<many><except id="sip:bob@corp.example"/></many>', ALL)],
      ['* All allow', '@* All allow', 'bob@corp.example All block'],
    ],
    [
      'many but a domain',
      [permit('<many><except domain="partner.example"/></many>', PHONE)],
      ['* Telephony allow', '* All block', '@* Telephony allow', '@partner.example All block'],
    ],
    [
      'many of a domain but one, who is asked',
      [
        permit('<many domain="partner.example"><except id="sip:eve@partner.example"/></many>', ALL),
        act(EVE, handling('confirm')),
      ],
      [NOBODY_ELSE, '@partner.example All allow', 'eve@partner.example All confirm'],
    ],
    [
      'the most permissive of two',
      [act('<many domain="partner.example"/>', handling('confirm')), permit(EVE, ALL)],
      [NOBODY_ELSE, '@partner.example All confirm', 'eve@partner.example All allow'],
    ],
    [
      'a block that does not hold (RFC 5025 §3.2.1)',
      [permit('<many/>', ALL), act(BOB, handling('polite-block'))],
      ['* All allow', '@* All allow', 'bob@corp.example All allow'],
    ],
    [
      'what one gets beside the others',
      [permit('<many/>', '<pr:class>calendar</pr:class>'), permit(BOB, PHONE)],
      ['* Calendar allow', '* All block', '@* Calendar allow', 'bob@corp.example Telephony allow'],
    ],
    [
      'permissions in several rules',
      [
        act(BOB, handling('allow')),
        `${conditions('<many/>')}${permit('', PHONE).split('</actions>')[1]}`,
      ],
      [NOBODY_ELSE, 'bob@corp.example Telephony allow', 'bob@corp.example All block'],
    ],
    [
      'all but a level, where no level has the rest',
      [
        permit(
          BOB,
          [
            'video',
            'enterprise-im',
            'internet-im',
            'calendar',
            'out-of-office',
            'application',
            'lob',
            'manual',
          ]
            .map((name) => `<pr:class>${name}</pr:class>`)
            .join(''),
        ),
      ],
      [NOBODY_ELSE, 'bob@corp.example Telephony block', 'bob@corp.example All allow'],
    ],
    [
      'the system decides of whom no rule names',
      [
        act(
          '<many><except id="sip:eve@partner.example"/></many>',
          '<h:system-policy>true</h:system-policy>',
        ),
        act(EVE, handling('polite-block')),
      ],
      ['eve@partner.example All block'],
    ],
    [
      'the system decides of the rest',
      [act('<many/>', '<h:system-policy>true</h:system-policy>'), permit(BOB, PHONE)],
      ['bob@corp.example Telephony allow'],
    ],
    [
      'the rest waits for a word',
      [permit(BOB, PHONE, '<h:confirm-rest>true</h:confirm-rest>')],
      [NOBODY_ELSE, 'bob@corp.example Telephony allow', 'bob@corp.example All confirm'],
    ],
    [
      'users of this system and others',
      [permit('<h:internal/>', ALL), act('<h:external/>', handling('confirm'))],
      ['* All allow', '@* All confirm'],
    ],
    ['the owner himself', [permit('<one id="sip:alice@corp.example"/>', ALL)], [NOBODY_ELSE]],
  ]
  for (const [name, rules, expected] of cases) {
    it(name, () => assert.deepEqual(rulesOf(...rules), expected))
  }
})

describe('what access rules cannot do is refused:', () => {
  const system = '<h:system-policy>true</h:system-policy>'
  const cases: readonly [string, readonly string[], RegExp][] = [
    ['a class without a level', [permit(BOB, '<pr:class>lob</pr:class>')], /“r1”.*classes lob/],
    ['a class that there is not', [permit(BOB, '<pr:class>biz</pr:class>')], /“r1”.*classes biz/],
    [
      'services without the person',
      [permit(BOB, ALL).replace('<pr:all-persons/>', '')],
      /“r1”.*all-persons/,
    ],
    [
      'services without the devices that documents have, too (RFC 4479 §3.4)',
      [permit(BOB, ALL).replace('<pr:all-devices/>', '')],
      /“r1”.*all-devices/,
    ],
    [
      'devices by their class',
      [permit(BOB, ALL).replace('<pr:all-devices/>', '<pr:class>home</pr:class>')],
      /“r1”.*all-devices/,
    ],
    [
      'some attributes only',
      [
        permit(BOB, ALL).replace(
          '<pr:provide-all-attributes/>',
          '<pr:provide-note>true</pr:provide-note>',
        ),
      ],
      /“r1”.*activities, class, deviceID, mood, .*, user-input, other cannot be held back/,
    ],
    [
      'less than everything of himself',
      [permit('<one id="xmpp:alice@corp.example"/>', PHONE)],
      /“r1”.*his own/,
    ],
    [
      'a block that the system may overrule',
      [act('<many/>', system), act(BOB, handling('polite-block'))],
      /“r[12]”, “?.*polite-block/,
    ],
    [
      'one whom the system decides of, while others are blocked',
      [act(BOB, system)],
      /“r1”.*bob@corp\.example cannot be said/,
    ],
    [
      'externals of whom the system decides, while all others are blocked',
      [act('<h:external/>', system)],
      /“r1”.*everybody cannot be said/,
    ],
    [
      'a rest that is handled in two ways',
      [permit(BOB, PHONE, `${system}<h:confirm-rest>true</h:confirm-rest>`)],
      /“r1”.*two ways/,
    ],
    [
      'a rest of nothing',
      [act(BOB, '<h:confirm-rest>true</h:confirm-rest>')],
      /“r1”.*confirm-rest/,
    ],
  ]
  for (const [name, rules, message] of cases) {
    it(name, () => {
      assert.throws(() => rulesOf(...rules), {
        name: 'PresRulesError',
        kind: 'unsupported',
        message,
      })
    })
  }
})

describe('rules become a document', () => {
  const written = (...lines: string[]) => {
    const rules = lines.map((line) => {
      const [watcher = '', level = '', action] = line.split(' ')
      assert.ok(
        action === 'allow' || action === 'block' || action === 'confirm' || action === 'undefined',
      )
      return rule({ watcher, level, action })
    })
    return renderPresRules(presRulesFromRules(rules, OWNER, CONTEXT))
  }

  it('with those in one rule of whom the same is said', () => {
    const text = written(
      'bob@corp.example All block',
      'eve@partner.example All block',
      '* All block',
    )
    assert.ok(text.includes(`<identity>${BOB}${EVE}</identity>`), text)
    assert.ok(text.includes('<pr:sub-handling>polite-block</pr:sub-handling>'))
  })

  it('with exceptions for whoever is decided alone', () => {
    const text = written(
      'bob@corp.example All block',
      'eve@partner.example All block',
      '@partner.example All confirm',
      '* All allow',
      '@* All allow',
    )
    const excepts = '<except domain="partner.example"/><except id="sip:bob@corp.example"/>'
    assert.ok(text.includes(`<many>${excepts}</many>`), text)
    assert.ok(text.includes('<many domain="partner.example"><except id="sip:eve@'), text)
  })

  it('with the users of this system apart, where others have it otherwise', () => {
    const text = written('* All allow')
    assert.match(text, /<h:internal\/>.*>allow</)
    assert.match(text, /<h:external\/>.*<h:system-policy>true</)
  })

  it('with a confirmation said where it is left to a more general rule', () => {
    const text = written('bob@corp.example Telephony allow', '* All confirm')
    assert.match(text, /sip:bob@corp\.example.*<h:confirm-rest>true</)
    assert.deepEqual(
      rulesFromPresRules(parsePresRules(text), OWNER, CONTEXT).map(({ watcher, level, action }) =>
        [watcher, level, action].join(' '),
      ),
      ['* All confirm', 'bob@corp.example Telephony allow'],
    )
  })

  it('without those that are enforced, somebody else’s, or undefined', () => {
    const bob = rule({ watcher: 'bob@corp.example', level: 'All', action: 'block' })
    const empty = presRulesFromRules([], OWNER, CONTEXT)
    for (const other of [
      { ...bob, enforced: true },
      { ...bob, presentity: 'carol@corp.example' },
      { ...bob, presentity: '*' },
      { ...bob, action: 'undefined' as const },
    ]) {
      assert.deepEqual(presRulesFromRules([other], OWNER, CONTEXT), empty)
    }
  })

  it('unless it cannot say the same', () => {
    for (const lines of [
      ['bob@corp.example Telephony block'],
      ['bob@corp.example Telephony confirm', 'bob@corp.example All block'],
      ['* Telephony block', '* All allow'],
    ]) {
      assert.throws(
        () => written(...lines),
        { name: 'PresRulesError', kind: 'unsupported' },
        lines[0],
      )
    }
  })
})

describe('the contact list beside a document', () => {
  const seenBy = async (document: string, address: string) => {
    const access = testAccess({
      people: { isLocal: CONTEXT.isLocal, accountsWithAddressIn: async () => [] },
    })
    await access.putAll(rulesFromPresRules(parsePresRules(document), OWNER, CONTEXT))
    const watcher = { address, account: undefined, protocol: 'xmpp' } as const
    return access.decide(OWNER, watcher, true).decision
  }

  it('lets in whom the document does not name, and nobody whom it does', async () => {
    const document = documentOf(act(EVE, handling('polite-block')))
    assert.equal(await seenBy(document, 'eve@partner.example'), 'block')
    assert.equal(await seenBy(document, 'zoe@partner.example'), 'allow')
  })
})
