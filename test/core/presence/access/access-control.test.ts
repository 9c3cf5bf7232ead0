import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  type AccessChange,
  AccessControl,
} from '../../../../src/core/presence/access/access-control.ts'
import { AccessError } from '../../../../src/core/presence/access/access-error.ts'
import { MemoryAccessStore, testAccessDeps } from '../../../support/access.ts'
import { ALICE, BOB, CAROL, EVE, people, rule, start, watcher } from './rig.ts'

function rejectsWith(code: AccessError['code']) {
  return (error: unknown) => error instanceof AccessError && error.code === code
}

describe('a watcher', () => {
  it('is a user where his domain is ours, and nobody of ours with any other address', () => {
    const { access } = start()
    const accountOf = (address: string) => access.watcher(address, 'sip').account
    assert.equal(accountOf(BOB), BOB)
    assert.equal(accountOf('bob@CORP.example'), BOB)
    for (const address of [EVE, 'corp.example', 'sip:%00@corp.example', 'tel:+13035551234']) {
      assert.equal(accountOf(address), undefined, address)
      assert.equal(access.watcher(address, 'sip').address, address)
    }
  })
})

describe('where no rule speaks', () => {
  it('users of the system are treated as the option says, strangers need a confirmation', () => {
    for (const [sameSystem, expected] of [
      ['allow', 'allow all'],
      ['confirm', 'confirm none asks'],
      ['block', 'block none'],
    ] as const) {
      const { sees } = start({ sameSystem })
      assert.equal(sees(BOB), expected)
      assert.equal(sees(EVE), 'confirm none asks')
    }
  })

  it('everybody sees himself, and a granted subscription is an Allow', () => {
    const { sees } = start({ sameSystem: 'block' })
    assert.equal(sees(ALICE), 'allow all')
    assert.equal(sees(BOB, true), 'allow all')
    assert.equal(sees(EVE, true), 'allow all')
  })
})

describe('the more specific rule', () => {
  it('wins: pair, grant, watcher domain, user default, domain policy, system default', async () => {
    const { put, sees } = start({ sameSystem: 'allow' })
    await put({ presentity: '*', watcher: '*', action: 'confirm' })
    assert.equal(sees(BOB), 'confirm none asks')
    await put({ presentity: '@corp.example', watcher: '*', action: 'allow' })
    assert.equal(sees(BOB), 'allow all')
    await put({ presentity: ALICE, watcher: '*', action: 'block' })
    assert.equal(sees(BOB), 'block none')
    await put({ presentity: ALICE, watcher: '@corp.example', action: 'confirm' })
    assert.equal(sees(BOB), 'confirm none asks')
    assert.equal(sees(CAROL), 'block none')
    assert.equal(sees(BOB, true), 'allow all')
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    assert.equal(sees(BOB, true), 'block none')
  })

  it('is no more specific for being newer, nor does Undefined decide anything', async () => {
    const { put, sees } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    await put({ presentity: '*', watcher: '*', action: 'allow' })
    assert.equal(sees(BOB), 'block none')
    await put({ presentity: ALICE, watcher: BOB, action: 'undefined' })
    assert.equal(sees(BOB), 'allow all')
  })

  it('of the administrator stands above all that the user says', async () => {
    const { put, sees } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'allow' })
    await put({ presentity: '*', watcher: '*', action: 'block', enforced: true })
    assert.equal(sees(BOB, true), 'block none')
    await put({ presentity: '*', watcher: BOB, action: 'allow', enforced: true })
    assert.equal(sees(BOB), 'allow all')
    assert.equal(sees(ALICE), 'allow all')
  })
})

describe('external watchers', () => {
  it('are not meant by an Allow for everybody', async () => {
    const { put, sees } = start()
    await put({ presentity: '*', watcher: '*', action: 'allow' })
    await put({ presentity: ALICE, watcher: '*', action: 'allow' })
    assert.equal(sees(EVE), 'confirm none asks')
    await put({ presentity: '*', watcher: '@*', action: 'allow' })
    assert.equal(sees(EVE), 'allow all')
  })

  it('are meant by their domain, their address, and a Block for everybody', async () => {
    const { put, sees } = start()
    await put({ presentity: ALICE, watcher: '@partner.example', action: 'allow' })
    assert.equal(sees(EVE), 'allow all')
    await put({ presentity: ALICE, watcher: EVE, action: 'block' })
    assert.equal(sees(EVE), 'block none')
    assert.equal(sees('dan@partner.example'), 'allow all')
    await put({ presentity: '*', watcher: '*', action: 'block' })
    assert.equal(sees('dan@elsewhere.example'), 'block none')
  })

  it('whose address has no domain are pending, whatever is said of everybody', async () => {
    const { put, sees } = start()
    await put({ presentity: '*', watcher: '*', action: 'allow' })
    assert.equal(sees('tel:+13035551234'), 'confirm none asks')
  })
})

describe('access levels', () => {
  it('of one class speak before several, those before All, in the same list', async () => {
    const { access, put, sees } = start()
    await access.putLevel({ name: 'Work', classes: ['phone', 'calendar'], inverted: false })
    await put({ presentity: ALICE, watcher: BOB, level: 'All', action: 'confirm' })
    await put({ presentity: ALICE, watcher: BOB, level: 'Work', action: 'allow' })
    assert.equal(sees(BOB), 'allow phone,calendar asks')
    await put({ presentity: ALICE, watcher: BOB, level: 'Telephony', action: 'block' })
    assert.equal(sees(BOB), 'allow calendar asks')
    await put({ presentity: ALICE, watcher: BOB, level: 'All', action: 'block' })
    assert.equal(sees(BOB), 'allow calendar')
  })

  it('may be all classes but some', async () => {
    const { access, put, sees } = start({ classes: ['phone', 'calendar', 'lob'] })
    await access.putLevel({ name: 'Not phone', classes: ['phone'], inverted: true })
    await put({ presentity: ALICE, watcher: BOB, level: 'Not phone', action: 'block' })
    assert.equal(sees(BOB), 'allow phone')
  })

  it('give one object for each set of classes, so that views are shared', async () => {
    const { access, put } = start()
    await put({ presentity: ALICE, watcher: '*', level: 'Telephony', action: 'block' })
    const one = access.decide(ALICE, watcher(BOB), false)
    await put({ presentity: ALICE, watcher: CAROL, level: 'Telephony', action: 'confirm' })
    const other = access.decide(ALICE, watcher(CAROL), false)
    assert.notEqual(one, other)
    assert.equal(one.visible, other.visible)
  })

  it('change for every rule that uses them', async () => {
    const { access, put, sees } = start({ sameSystem: 'block' })
    await put({ presentity: ALICE, watcher: BOB, level: 'Telephony', action: 'allow' })
    await access.putLevel({ name: 'Telephony', classes: ['phone', 'lob'], inverted: false })
    assert.equal(sees(BOB), 'allow phone,lob')
  })

  it('named All is not to be touched, and one in use not to be removed', async () => {
    const { access, put } = start()
    await assert.rejects(
      access.putLevel({ name: 'All', classes: ['phone'], inverted: false }),
      rejectsWith('ACCESS_LEVEL_PREDEFINED'),
    )
    await assert.rejects(access.removeLevel('All'), rejectsWith('ACCESS_LEVEL_PREDEFINED'))
    await assert.rejects(access.removeLevel('Nothing'), rejectsWith('NO_SUCH_ACCESS_LEVEL'))
    await put({ presentity: ALICE, watcher: BOB, level: 'Telephony', action: 'allow' })
    await assert.rejects(access.removeLevel('Telephony'), rejectsWith('ACCESS_LEVEL_IN_USE'))
    await access.removeAll({ presentity: ALICE })
    await access.removeLevel('Telephony')
    assert.deepEqual(
      access.levels().map(({ name }) => name),
      ['All'],
    )
  })

  it('are refused where they name a class that does not exist, or none', async () => {
    const { access } = start()
    for (const classes of [['fax'], []]) {
      await assert.rejects(
        access.putLevel({ name: 'Odd', classes: classes as never, inverted: false }),
        rejectsWith('BAD_ACCESS_LEVEL'),
      )
    }
    await assert.rejects(
      access.put(rule({ presentity: ALICE, watcher: BOB, level: 'Odd', action: 'allow' })),
      rejectsWith('NO_SUCH_ACCESS_LEVEL'),
    )
  })
})

describe('a rule', () => {
  it('is stored, changed, found and removed', async () => {
    const store = new MemoryAccessStore()
    const { access, put } = start({ store })
    assert.equal(
      await put({ presentity: 'Alice@Corp.Example', watcher: BOB, action: 'allow' }),
      'created',
    )
    assert.equal(await put({ presentity: ALICE, watcher: BOB, action: 'allow' }), 'same')
    assert.equal(await put({ presentity: ALICE, watcher: BOB, action: 'block' }), 'changed')
    await put({ presentity: ALICE, watcher: CAROL, action: 'allow' })
    assert.equal(access.rules({ presentity: ALICE }).length, 2)
    assert.equal(access.rules({ watcher: BOB })[0]?.action, 'block')
    const again = await AccessControl.open(testAccessDeps({ people, store }))
    assert.equal(again.decide(ALICE, watcher(BOB), true).decision, 'block')
    assert.equal(await access.removeAll({ action: 'block' }), 1)
    assert.equal(store.rules.size, 1)
  })

  it('that makes no sense is refused', async () => {
    const { put } = start()
    for (const words of [
      { presentity: EVE, watcher: BOB },
      { presentity: '@*', watcher: BOB },
      { presentity: '@elsewhere.example', watcher: BOB, refusesMessages: true, action: 'allow' },
      { presentity: ALICE, watcher: ALICE },
      { presentity: ALICE, watcher: `${BOB}/desk` },
      { presentity: ALICE, watcher: 'not an address' },
      { presentity: ALICE, watcher: BOB, refusesMessages: true, action: 'allow' },
    ] as const) {
      await assert.rejects(put({ action: 'allow', ...words }), rejectsWith('BAD_RULE'))
    }
  })

  it('of a domain is about those who have an address of another system there, too', async () => {
    const { put, sees } = start()
    await put({ presentity: '@xmpp.example', watcher: '*', action: 'block' })
    assert.equal(sees(BOB), 'block none')
  })

  it('is told to listeners once it holds, with whom it concerns', async () => {
    const { access, put } = start()
    const heard: [AccessChange, string][] = []
    access.onChange((change) => {
      heard.push([change, access.decide(ALICE, watcher(BOB), false).decision])
    })
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    await put({ presentity: ALICE, watcher: '*', action: 'block' })
    await access.removeAll({ presentity: ALICE })
    await put({ presentity: '*', watcher: '*', action: 'confirm' })
    assert.deepEqual(heard, [
      [{ presentity: ALICE, watcher: BOB }, 'block'],
      [{ presentity: ALICE, watcher: undefined }, 'block'],
      [{ presentity: ALICE, watcher: BOB }, 'allow'],
      [{ presentity: ALICE, watcher: undefined }, 'allow'],
      [{ presentity: undefined, watcher: undefined }, 'confirm'],
    ])
  })

  it('that answers a watcher replaces what was said of him, and closes the rest', async () => {
    const { access, put, sees } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'confirm' })
    await access.answer(ALICE, BOB, { action: 'allow', level: 'Telephony' })
    assert.equal(sees(BOB, true), 'allow phone')
    await access.answer(ALICE, BOB, { action: 'allow', level: 'All' })
    assert.equal(sees(BOB), 'allow all')
    assert.equal(access.rules({ presentity: ALICE }).length, 1)
    await access.answer(ALICE, BOB, { action: 'block', level: 'All' })
    assert.equal(sees(BOB, true), 'block none')
  })

  it('that answers a watcher does not lift a block of messages by the way', async () => {
    const { access, put } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'block', refusesMessages: true })
    await access.answer(ALICE, BOB, { action: 'block', level: 'All' })
    await assert.rejects(
      access.answer(ALICE, BOB, { action: 'allow', level: 'All' }),
      rejectsWith('BAD_RULE'),
    )
    assert.equal(access.mayExchangeMessages(ALICE, BOB), false)
  })

  it('is made only where there is none, or changed only where there is one, if so wanted', async () => {
    const { access } = start()
    const pair = rule({ presentity: ALICE, watcher: BOB, action: 'block' })
    await assert.rejects(access.put(pair, 'require'), rejectsWith('NO_SUCH_RULE'))
    const both = await Promise.allSettled([access.put(pair, 'refuse'), access.put(pair, 'refuse')])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    assert.equal(await access.put({ ...pair, action: 'allow' }, 'require'), 'changed')
    const level = { name: 'Desk', classes: ['phone'], inverted: false }
    await assert.rejects(access.putLevel(level, 'require'), rejectsWith('NO_SUCH_ACCESS_LEVEL'))
    await access.putLevel(level, 'refuse')
    await assert.rejects(access.putLevel(level, 'refuse'), rejectsWith('ACCESS_LEVEL_EXISTS'))
  })

  it('of Block does not let messages through that were blocked before', async () => {
    const { access, put } = start()
    await put({ presentity: ALICE, watcher: BOB, action: 'block', refusesMessages: true })
    await put({ presentity: ALICE, watcher: BOB, action: 'block' })
    assert.equal(access.mayExchangeMessages(ALICE, BOB), false)
    await put({ presentity: ALICE, watcher: BOB, action: 'allow' })
    assert.equal(access.mayExchangeMessages(ALICE, BOB), true)
  })

  it('that could not be stored does not hold', async () => {
    const store = new MemoryAccessStore()
    store.changeRules = () => Promise.reject(new Error('disk full'))
    const { put, sees } = start({ store })
    await assert.rejects(put({ presentity: ALICE, watcher: BOB, action: 'block' }), /disk full/)
    assert.equal(sees(BOB), 'allow all')
  })
})

describe('the switch between domains', () => {
  it('walls the domains of the system off, live, above every rule', async () => {
    const store = new MemoryAccessStore()
    const { access, put, sees } = start({ store })
    let told = 0
    access.onChange(() => {
      told += 1
    })
    await put({ presentity: ALICE, watcher: CAROL, action: 'allow', enforced: true })
    await access.setCrossDomain(false)
    assert.equal(sees(CAROL, true), 'block none')
    assert.equal(sees(BOB), 'allow all')
    assert.equal(access.mayExchangeMessages(ALICE, CAROL), false)
    assert.equal(access.mayExchangeMessages(ALICE, BOB), true)
    assert.equal((await AccessControl.open(testAccessDeps({ people, store }))).crossDomain, false)
    await access.setCrossDomain(true)
    assert.equal(sees(CAROL), 'allow all')
    assert.equal(told, 3)
  })
})

describe('an explanation', () => {
  it('names for each class the rule that decided', async () => {
    const { access, put } = start({
      classes: ['phone', 'calendar', 'lob'],
      grants: { isGranted: async () => true },
    })
    await put({ presentity: ALICE, watcher: BOB, level: 'Telephony', action: 'block' })
    const { access: got, reasons } = await access.explain(ALICE, watcher(BOB))
    assert.equal(got.visible.key, 'calendar,lob')
    assert.deepEqual(
      reasons.map(({ class: name, action, ground }) => [
        name,
        action,
        typeof ground === 'string' ? ground : ground.watcher,
      ]),
      [
        ['phone', 'block', BOB],
        ['calendar', 'allow', 'subscription'],
        ['lob', 'allow', 'subscription'],
      ],
    )
    const self = await access.explain(ALICE, watcher(ALICE))
    assert.equal(self.reasons[0]?.ground, 'self')
  })
})
