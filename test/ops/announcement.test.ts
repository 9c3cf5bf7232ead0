import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { announce } from '../../src/ops/announcement.ts'

const nothing = { listeners: [], data: '/d', caPath: undefined }

describe('the announcement', () => {
  it('has a line for each listener, the API’s URL and ready at the end', () => {
    const listeners = [
      { name: 'xmpp', kind: 'xmpp', address: { host: '127.0.0.1', port: 5222 } },
      { name: 'https', kind: 'https', address: { host: '::', port: 7300 } },
    ] as const
    assert.deepEqual(announce({ ...nothing, listeners }), [
      'xmpp      127.0.0.1:5222        XMPP with STARTTLS',
      'https     [::]:7300             HTTPS API',
      'api       https://localhost:7300/api/v1',
      'ready',
    ])
  })

  it('shows passwords that this start made', () => {
    const lines = announce({
      ...nothing,
      caPath: '/d/tls/ca.pem',
      firstAdministrator: { name: 'admin', password: 'one' },
      demo: { accounts: ['alice@localhost', 'bob@localhost'], password: 'two' },
    })
    assert.deepEqual(lines, [
      'authority /d/tls/ca.pem (self-made; clients must trust it)',
      'admin     user admin, password one (shown once)',
      'demo      users alice@localhost, bob@localhost, password two (shown once)',
      'ready',
    ])
  })

  it('says how to get a password for demo users of an earlier start', () => {
    const demo = { accounts: ['alice@localhost'], password: undefined }
    assert.deepEqual(
      announce({ ...nothing, demo })[0],
      [
        'demo      users alice@localhost exist; new password: ',
        'bin/heliograph --data /d user password alice@localhost',
      ].join(''),
    )
  })
})
