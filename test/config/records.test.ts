import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { duration, optionalPath, optionalText } from '../../src/config/option.ts'
import { records } from '../../src/config/records.ts'
import type { Raw } from '../../src/config/values.ts'

const { option } = records(
  {
    host: optionalText({ doc: 'Whom it speaks for.' }),
    password: optionalText({ doc: 'What it signs in with.', secret: true }),
    key: optionalPath({ doc: 'Its key.' }),
    idle: duration({ default: '5m', min: '1s', doc: 'How long it may be silent.' }),
  },
  { doc: 'Gateways.', item: 'gateway', max: 2, required: ['host'] },
)
const read = (raw: Raw) => option.read(raw, '/etc')?.value
const problem = (raw: Raw) => option.problem?.(raw, '/etc')

describe('a list of things with options', () => {
  it('is read item by item, with defaults, and paths from where it was said', () => {
    assert.deepEqual(
      read([
        { host: 'a.example', key: 'a.key' },
        { host: 'b', idle: '10s' },
      ]),
      [
        { host: 'a.example', password: undefined, key: '/etc/a.key', idle: 300_000 },
        { host: 'b', password: undefined, key: undefined, idle: 10_000 },
      ],
    )
    assert.deepEqual(read([]), [])
  })

  it('may be JSON, in the environment or after a flag', () => {
    assert.deepEqual(read('[{"host":"a","idle":"10s"}]'), [
      { host: 'a', password: undefined, key: undefined, idle: 10_000 },
    ])
    assert.equal(read('[{'), undefined)
    assert.equal(read('"host"'), undefined)
    assert.equal(read('null'), undefined)
  })

  it('says which item is wrong, and why', () => {
    assert.equal(problem([{ host: 'a' }, { idle: '1m' }]), 'gateway 2: host is missing')
    assert.equal(
      problem([{ host: 'a', idel: '1m' }]),
      'gateway 1: unknown option idel; did you mean idle?',
    )
    assert.equal(
      problem([{ host: 'a', idle: '1ms' }]),
      'gateway 1: idle: expected a duration such as 30s, 5m or 2 days of at least 1s',
    )
    assert.equal(problem(['a']), 'gateway 1: expected options as "name: value"')
    assert.equal(problem([null as unknown as Raw]), 'gateway 1: expected options as "name: value"')
  })

  it('is bounded, and secret where an item holds a secret', () => {
    assert.equal(read([{ host: 'a' }, { host: 'b' }, { host: 'c' }]), undefined)
    assert.equal(option.secret, true)
    assert.equal(option.expects, 'a list of gateways, 2 at most')
  })
})
