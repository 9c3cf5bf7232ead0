import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerName, knownHeader } from '../../../src/sip/message/header-names.ts'

test('every compact form is the header that IANA says', () => {
  const forms =
    'a=Accept-Contact b=Referred-By c=Content-Type d=Request-Disposition e=Content-Encoding f=From'
      .concat(
        ' i=Call-ID j=Reject-Contact k=Supported l=Content-Length m=Contact o=Event r=Refer-To s=Subject',
      )
      .concat(' t=To u=Allow-Events v=Via x=Session-Expires y=Identity')
  for (const form of forms.split(' ')) {
    const [compact = '', name] = form.split('=')
    assert.equal(headerName(compact).name, name)
    assert.equal(headerName(compact.toUpperCase()).name, name)
  }
})

test('names are the same in any case', () => {
  assert.equal(headerName('cALL-id'), headerName('Call-ID'))
  assert.equal(headerName('CSEQ').name, 'CSeq')
})

test('an unknown header keeps its spelling and is no list', () => {
  assert.deepEqual(headerName('X-Foo'), {
    key: 'x-foo',
    name: 'X-Foo',
    list: false,
    once: 0,
  })
  assert.equal(knownHeader('X-Foo'), undefined)
})

test('credentials and dates are no lists, although they have commas', () => {
  for (const name of ['Authorization', 'WWW-Authenticate', 'Date', 'Subject', 'SIP-If-Match']) {
    assert.equal(headerName(name).list, false, name)
  }
  for (const name of ['Via', 'Contact', 'Record-Route', 'Accept', 'Require']) {
    assert.equal(headerName(name).list, true, name)
  }
})
