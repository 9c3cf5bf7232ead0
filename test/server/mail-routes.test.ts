import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { smtpOptions } from '../../src/config/options/smtp.ts'
import type { Raw } from '../../src/config/values.ts'
import { mailRoutes } from '../../src/server/mail-routes.ts'
import { OperatorError } from '../../src/util/operator-error.ts'

function routes(...items: readonly Raw[]) {
  const parsed = smtpOptions.option.read(items, '/etc')
  assert.ok(parsed)
  return mailRoutes({ smtp: parsed.value })
}

const CORP = { domain: 'Corp.Example', host: 'mail.corp.example' }

describe('the option smtp', () => {
  it('has defaults for all but the domain and its server', () => {
    assert.deepEqual(routes(CORP), [
      {
        domain: 'corp.example',
        host: 'mail.corp.example',
        port: 587,
        tls: 'required',
        user: undefined,
        password: undefined,
        ca: undefined,
        from: 'no-reply@{domain}',
        subject: 'Message from {sender}',
        afterMs: 300_000,
        keep: false,
        perHour: 20,
        accountIsAddress: false,
      },
    ])
    assert.deepEqual(routes(), [])
  })

  it('says what is wrong', () => {
    const problem = (...items: readonly Raw[]) => {
      try {
        routes(...items)
      } catch (error) {
        assert.ok(error instanceof OperatorError)
        return `${error.code} ${error.message}`
      }
      return 'none'
    }
    assert.equal(problem(CORP, CORP), 'CFG_BAD_VALUE smtp: two are for corp.example')
    assert.match(problem({ ...CORP, domain: 'bob@corp.example' }), /bob@corp.example is no domain/)
    assert.match(problem({ ...CORP, user: 'im' }), /user and password belong together/)
    assert.match(problem({ ...CORP, from: 'Chat' }), /from: expected an e-mail address/)
    assert.match(problem({ ...CORP, ca: 'nowhere.pem' }), /CFG_UNREADABLE .*\/etc\/nowhere\.pem/)
    const from = 'Chat of {domain} <no-reply@{domain}>'
    assert.equal(problem({ ...CORP, from, user: 'im', password: 'x' }), 'none')
  })
})
