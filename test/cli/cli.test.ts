import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { runCli } from '../../src/cli/cli.ts'
import { commands } from '../../src/cli/commands/index.ts'

interface Asked {
  method: string
  url: string
  type: string | undefined
  body: string
}

let directory: string
let server: Server
let asked: Asked[]
let answer: { status: number; body: unknown }
let out: string
let err: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'heliograph-cli-'))
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      asked.push({
        method,
        url,
        type: headers['content-type'],
        body: Buffer.concat(chunks).toString(),
      })
      response.statusCode = answer.status
      response.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
    })
  })
  await new Promise<void>((done) => server.listen(join(directory, 'heliograph.sock'), done))
})

after(async () => {
  server.close()
  await rm(directory, { recursive: true })
})

beforeEach(() => {
  asked = []
  answer = { status: 200, body: {} }
  out = ''
  err = ''
})

function heliograph(...argv: string[]): Promise<number> {
  return runCli(
    argv,
    { HELIOGRAPH_DATA: directory },
    {
      out: (text) => {
        out += `${text}\n`
      },
      err: (text) => {
        err += `${text}\n`
      },
    },
  )
}

const ERIN = {
  account: 'erin@example.com',
  name: 'Erin',
  createdAt: 'then',
  disabled: false,
  addresses: [],
}

describe('the command line', () => {
  it('takes the data directory before the command, as operators’ scripts write it', async () => {
    answer.body = ERIN
    const code = await runCli(
      ['--data', directory, 'user', 'add', 'erin@example.com', '--password', 'pw'],
      {},
      { out: (text) => (out += text), err: assert.fail },
    )
    assert.equal(code, 0)
    assert.equal(out, 'added erin@example.com')
    assert.deepEqual(asked[0], {
      method: 'POST',
      url: '/api/v1/users',
      type: 'application/json',
      body: '{"address":"erin@example.com","password":"pw"}',
    })
  })

  it('reads a password from a file, its first line alone', async () => {
    answer.body = ERIN
    const file = join(directory, 'password')
    await writeFile(file, 'a long secret\r\nnot this\n')
    await heliograph('user', 'password', 'erin@example.com', '--password-file', file)
    assert.equal(asked[0]?.url, '/api/v1/users/erin%40example.com/password')
    assert.equal(asked[0]?.body, '{"password":"a long secret"}')
  })

  it('removes one device or all of them, as it is told, and none where it is not', async () => {
    answer = { status: 204, body: undefined }
    await heliograph('user', 'device', 'remove', 'erin@example.com', '--device', 'a/b')
    await heliograph('user', 'device', 'remove', 'erin@example.com', '--all')
    assert.deepEqual(
      asked.map(({ method, url }) => `${method} ${url}`),
      [
        'DELETE /api/v1/users/erin%40example.com/devices/a%2Fb',
        'DELETE /api/v1/users/erin%40example.com/devices',
      ],
    )
    assert.equal(await heliograph('user', 'device', 'remove', 'erin@example.com'), 2)
    assert.equal(asked.length, 2)
  })

  it('says why the server refused, and exits with 1', async () => {
    answer = {
      status: 409,
      body: { error: { code: 'USER_EXISTS', message: 'erin@example.com exists' } },
    }
    assert.equal(await heliograph('user', 'add', 'erin@example.com'), 1)
    assert.equal(err, 'USER_EXISTS: erin@example.com exists\n')
    assert.equal(out, '')
  })

  it('prints results and refusals as JSON where asked', async () => {
    answer.body = ERIN
    await heliograph('--json', 'user', 'show', 'erin@example.com')
    assert.deepEqual(JSON.parse(out), ERIN)
    answer = { status: 404, body: { error: { code: 'UNKNOWN_ADDRESS', message: 'no' } } }
    await heliograph('user', 'show', 'nobody', '--json')
    assert.deepEqual(JSON.parse(err), { error: { code: 'UNKNOWN_ADDRESS', message: 'no' } })
  })

  it('exits with 2 on a command line that it does not understand, asking nothing', async () => {
    for (const argv of [
      ['usr', 'add'],
      ['user', 'add'],
      ['user', 'add', 'a@b', 'c'],
      ['user', 'add', 'a@b', '--passwd', 'x'],
      ['user', 'password', 'a@b'],
      ['user', 'password', 'a@b', '--password', 'x', '--password-file', 'y'],
      ['user', 'import', '/no/such/file'],
    ]) {
      assert.equal(await heliograph(...argv), 2, argv.join(' '))
      assert.match(err, /^CLI_/)
      err = ''
    }
    assert.equal(asked.length, 0)
  })

  it('exits with 3 where no server answers, and says what to do', async () => {
    const code = await runCli(
      ['--data', join(directory, 'none'), 'status'],
      {},
      {
        out: assert.fail,
        err: (text) => (err += text),
      },
    )
    assert.equal(code, 3)
    assert.match(err, /^CLI_NO_SERVER: .*--data/)
  })

  it('pages through all users', async () => {
    const page = Array.from({ length: 1000 }, (_, n) => ({ ...ERIN, account: `u${n}@example.com` }))
    answer.body = { users: page }
    server.once('request', () => {
      answer.body = { users: page }
      server.once('request', () => {
        answer.body = { users: [ERIN] }
      })
    })
    await heliograph('user', 'list', '--domain', 'example.com', '--json')
    assert.equal(JSON.parse(out).length, 1001)
    assert.equal(
      asked[1]?.url,
      '/api/v1/users?domain=example.com&after=u999%40example.com&limit=1000',
    )
  })

  it('imports a file as it is and exits with 1 when a line was refused', async () => {
    const file = join(directory, 'people.csv')
    await writeFile(file, 'a@example.com,pw,A\n')
    const failed = [{ line: 1, code: 'USER_EXISTS', reason: 'exists' }]
    answer.body = { added: 0, updated: 2, failed, failedTotal: 1234 }
    assert.equal(await heliograph('user', 'import', file, '--dry-run'), 1)
    assert.deepEqual(asked[0], {
      method: 'POST',
      url: '/api/v1/users/import?dryRun=true',
      type: 'text/csv',
      body: 'a@example.com,pw,A\n',
    })
    assert.equal(
      out,
      'line 1: USER_EXISTS: exists\nand 1233 more\ndry run: added 0, updated 2, refused 1234\n',
    )
  })

  it('shows which observation won', async () => {
    const since = '2030-01-01T09:00:00.000Z'
    answer.body = {
      presence: { presentity: 'bob@example.com', state: 'on-a-call', since },
      rule: 'call',
      ruleText: 'He is on a call.',
      winner: { source: 'sip/1', observation: 'p' },
      reports: [
        {
          source: 'sip/1',
          observations: [{ id: 'p', class: 'phone', state: 'on-a-call', manual: false, since }],
        },
        {
          source: 'xmpp/d',
          observations: [
            { id: 'd', class: 'enterprise-im', state: 'available', manual: false, since },
          ],
        },
      ],
      watchers: [],
      watchersTotal: 3,
    }
    await heliograph('presence', 'explain', 'bob@example.com')
    assert.match(out, /^bob@example.com is on-a-call since/)
    assert.match(out, /rule call: He is on a call\./)
    assert.match(out, /^\* {2}sip\/1 /m)
    assert.match(out, /^ {3}xmpp\/d /m)
    assert.match(out, /\nand 3 more watchers\n$/)
  })

  it('has help for every command, with an example that names it', async () => {
    for (const { path, example } of commands) {
      out = ''
      assert.equal(await heliograph(...path, '--help'), 0)
      assert.match(out, new RegExp(`^heliograph ${path.join(' ')}`))
      assert.match(example, new RegExp(`^heliograph ${path.join(' ')}`))
    }
    out = ''
    await heliograph()
    for (const { path } of commands) assert.ok(out.includes(path.join(' ')))
  })
})
