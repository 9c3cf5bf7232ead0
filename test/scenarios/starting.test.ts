/** How the server starts, what it says, and how it ends: by the command that operators use. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { runServer, startTestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const VERSION = /^\d+\.\d+\.\d+$/

async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe('the first start', () => {
  it('says where it listens, shows the passwords that it made, and is ready', async () => {
    await using server = await startTestServer({ args: ['--demo'] })
    for (const name of ['xmpp', 'xmppTls', 'sipTcp', 'sipTls', 'https'] as const) {
      assert.ok(server.port(name) > 0, name)
      assert.ok(await accepts(server.port(name)), name)
    }
    assert.equal(server.word('api'), `https://127.0.0.1:${server.port('https')}/api/v1`)
    assert.match(server.word('admin') ?? '', /^user admin, password \S{12,} \(shown once\)$/)
    assert.match(
      server.word('demo') ?? '',
      /^users alice@localhost, bob@localhost, carol@localhost, dave@localhost, password \S+/,
    )
    assert.equal(server.word('authority')?.split(' ')[0], join(server.data, 'tls', 'ca.pem'))
    assert.equal(server.lines.at(-1), 'ready')
    for (const { password } of [
      { password: server.adminPassword },
      { password: server.demoPassword },
    ]) {
      assert.ok(!server.log.includes(password), 'the log holds no password')
    }
  })

  it('takes the administrator’s password from a file, and does not show it', async () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'password')
    writeFileSync(file, 'correct horse battery\n')
    await using server = await startTestServer({ env: { HELIOGRAPH_ADMIN_PASSWORD_FILE: file } })
    assert.equal(server.word('admin'), undefined)
    assert.ok(!`${server.lines} ${server.log}`.includes('correct horse'))
  })
})

describe('the second start', () => {
  it('shows no password, and says how to get another one for the demonstration', async () => {
    await using first = await startTestServer({ args: ['--demo'] })
    assert.equal((await first.stop()).code, 0)
    await using second = await first.restart()
    assert.equal(second.word('admin'), undefined)
    assert.doesNotMatch(second.word('demo') ?? '', /, password/)
    assert.match(second.word('demo') ?? '', /user password alice@localhost$/)
    assert.equal(second.port('https'), first.port('https'))
  })

  it('works after a kill that left everything behind', async () => {
    await using first = await startTestServer()
    await first.kill()
    assert.ok(existsSync(join(first.data, 'lock')))
    await using second = await first.restart()
    assert.equal(second.lines.at(-1), 'ready')
  })

  it('takes data and files from where it is called', async () => {
    using directory = temporaryDirectory()
    await using server = await startTestServer({ data: 'here', cwd: directory.path })
    assert.equal(server.lines.at(-1), 'ready')
    assert.ok(existsSync(join(directory.path, 'here', 'heliograph.db')))
  })
})

describe('an operator’s error', () => {
  /** One line, exit code 2, and nothing on standard output. */
  async function refuses(args: readonly string[], line: RegExp) {
    using directory = temporaryDirectory()
    const data = join(directory.path, 'data')
    const { code, stdout, stderr } = await runServer([
      '--data',
      data,
      '--set',
      'log.level=error',
      ...args,
    ])
    assert.equal(code, 2, stderr)
    assert.equal(stdout, '')
    assert.match(stderr, /^[^\n]+\n$/)
    assert.match(stderr, line)
    assert.equal(existsSync(join(data, 'lock')), false)
    return data
  }
  const off = (...names: string[]) => names.flatMap((name) => ['--set', `listen.${name}=off`])

  it('in an option is one line, before anything is made', async () => {
    const data = await refuses(
      ['--set', 'listen.xmp=off'],
      /^CFG_UNKNOWN_OPTION: .*listen\.xmpp\?\n$/,
    )
    assert.equal(existsSync(data), false)
    await refuses(['--set', 'xmpp.plaintextAuth=perhaps'], /^CFG_BAD_VALUE: xmpp\.plaintextAuth /)
    await refuses(['--config', '/no/such.yaml'], /^CFG_UNREADABLE: /)
    await refuses(['--frobnicate'], /^CFG_USAGE: /)
  })

  it('in a certificate names the file', async () => {
    const tls = ['--set', 'tls.certificate=/no/such.pem', '--set', 'tls.key=/no/such-key.pem']
    await refuses(tls, /^TLS_BAD_CERTIFICATE: tls\.certificate: \/no\/such\.pem cannot be read/)
  })

  it('in the database names it without its password', async () => {
    const url = 'postgres://u:hunter2@127.0.0.1:1/none'
    await refuses(['--set', `database.url=${url}`], /^DB_UNREACHABLE: (?!.*hunter2).*127\.0\.0\.1/)
  })

  it('in a port names the listener, and every other one is closed again', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    const udp = createSocket('udp4')
    try {
      await once(taken, 'listening')
      udp.bind(0, '127.0.0.1')
      await once(udp, 'listening')
      const address = taken.address()
      assert.ok(typeof address === 'object' && address)
      const tcp = `127.0.0.1:${address.port}`
      for (const name of ['xmpp', 'xmppTls', 'sipTcp', 'sipTls', 'https']) {
        const others = ['xmpp', 'xmppTls', 'sipUdp', 'sipTcp', 'sipTls', 'https'].filter(
          (other) => other !== name,
        )
        const line = new RegExp(`^NET_PORT_IN_USE: listen\\.${name}: .*${tcp}`)
        await refuses([...off(...others), '--set', `listen.${name}=${tcp}`], line)
      }
      const at = `127.0.0.1:${udp.address().port}`
      await refuses(
        [...off('xmpp', 'xmppTls', 'sipTcp', 'sipTls', 'https'), '--set', `listen.sipUdp=${at}`],
        new RegExp(`^NET_PORT_IN_USE: listen\\.sipUdp: ${at} is in use`),
      )
    } finally {
      taken.close()
      udp.close()
    }
  })

  it('in an address says that it is not one of this machine', async () => {
    await refuses(
      [
        ...off('xmpp', 'xmppTls', 'sipUdp', 'sipTls', 'https'),
        '--set',
        'listen.sipTcp=192.0.2.1:5060',
      ],
      /^NET_BAD_ADDRESS: listen\.sipTcp: 192\.0\.2\.1:5060 is not an address of this machine\n$/,
    )
  })

  it('of starting twice on one directory is told by the second, and the first goes on', async () => {
    await using first = await startTestServer()
    const second = await runServer([
      '--data',
      first.data,
      ...off('xmpp', 'xmppTls', 'sipUdp', 'sipTcp', 'sipTls', 'https'),
    ])
    assert.equal(second.code, 2)
    assert.match(second.stderr, new RegExp(`^DATA_IN_USE: .* \\(process ${first.pid}\\)\\n$`))
    assert.ok(await accepts(first.port('https')))
  })

  it('of a data directory that cannot be made is told', async () => {
    using directory = temporaryDirectory()
    const file = join(directory.path, 'file')
    writeFileSync(file, '')
    const { code, stderr } = await runServer(['--data', join(file, 'data')])
    assert.equal(code, 2)
    assert.match(stderr, /^DATA_UNWRITABLE: /)
  })
})

describe('questions on the command line', () => {
  it('are answered without starting anything', async () => {
    using directory = temporaryDirectory()
    const version = await runServer(['--version'], { cwd: directory.path })
    assert.deepEqual([version.code, version.stderr], [0, ''])
    assert.match(version.stdout, VERSION)
    const help = await runServer(['--help'], { cwd: directory.path })
    assert.equal(help.code, 0)
    assert.match(help.stdout, /^Usage: script\/server /)
    assert.equal(existsSync(join(directory.path, 'data')), false)
  })
})

describe('the end', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`after ${signal} closes everything, and is a success`, async () => {
      await using server = await startTestServer()
      const port = server.port('https')
      const client = connect(port, '127.0.0.1')
      await once(client, 'connect')
      const closed = once(client, 'close')
      const asked = performance.now()
      server.signal(signal)
      const { code, stderr } = await server.ended
      assert.equal(code, 0, stderr)
      assert.ok(performance.now() - asked < 5_000)
      await closed
      assert.equal(existsSync(join(server.data, 'lock')), false)
      const last = stderr.trim().split('\n').at(-1) ?? ''
      assert.equal(JSON.parse(last).what, 'stopped')
    })
  }
})

describe('bad input', () => {
  it('does not end the process', async () => {
    await using server = await startTestServer()
    for (const name of ['xmpp', 'xmppTls', 'sipTcp', 'sipTls', 'https'] as const) {
      const socket = connect(server.port(name), '127.0.0.1')
      socket.on('error', () => undefined).resume()
      socket.end(Buffer.from('\0\xff<>&\r\n\r\n GARBAGE sip:\r\n\r\n', 'latin1'))
      await once(socket, 'close')
    }
    assert.ok(await accepts(server.port('https')))
    assert.equal((await server.stop()).code, 0)
  })
})

it('a demonstration listens on loopback addresses, whatever it is not told', async () => {
  using directory = temporaryDirectory()
  mkdirSync(join(directory.path, 'data'))
  await using server = await startTestServer({ args: ['--demo'] })
  for (const line of server.lines.filter((each) => /^(xmpp|sip|https)/.test(each))) {
    assert.match(line, /^\S+ +127\.0\.0\.1:\d+ /)
  }
  assert.match(readFileSync(join(server.data, 'lock'), 'utf8'), new RegExp(`^${server.pid} `))
})
