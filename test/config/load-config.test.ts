import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadConfig, OPTIONS } from '../../src/config/load-config.ts'
import type { Config } from '../../src/config/schema.ts'
import { temporaryDirectory } from '../support/temporary.ts'

interface Said {
  args?: string[]
  env?: Record<string, string>
  cwd?: string
}

function load({ args = [], env = {}, cwd = '/srv' }: Said = {}): Config {
  const loaded = loadConfig(args, env, cwd)
  assert.equal(loaded.kind, 'config')
  assert.ok(loaded.kind === 'config')
  return loaded.config
}

function refuses(said: Said, code: string, message: RegExp) {
  assert.throws(
    () => load(said),
    (error: unknown) => {
      assert.ok(error instanceof Error && 'code' in error)
      assert.equal(error.code, code)
      assert.match(error.message, message)
      assert.doesNotMatch(error.message, /\n/)
      return true
    },
  )
}

function withFile(yaml: string, run: (directory: string, args: string[]) => void) {
  using directory = temporaryDirectory()
  writeFileSync(join(directory.path, 'heliograph.yaml'), yaml)
  run(directory.path, ['--config', 'heliograph.yaml'])
}

describe('the configuration without anything said', () => {
  it('has the listeners that the manual promises', () => {
    const { listen, domains, data, database } = load()
    const ports = Object.fromEntries(Object.entries(listen).map(([name, at]) => [name, at?.port]))
    assert.deepEqual(ports, {
      xmpp: 5222,
      xmppTls: 5223,
      sipUdp: 5060,
      sipTcp: 5060,
      sipTls: 5061,
      https: 7300,
      httpsXmpp: undefined,
      http: undefined,
      components: undefined,
    })
    assert.deepEqual(domains, ['localhost'])
    assert.equal(data, '/srv/data')
    assert.equal(database.url, 'sqlite:/srv/data/heliograph.db')
  })

  it('reads the default of every option by the option’s own rules', () => {
    for (const option of OPTIONS) {
      for (const raw of [option.default, option.demo]) {
        if (raw !== undefined) assert.ok(option.read(raw, '/srv'), `${option.name}: ${raw}`)
      }
      assert.match(option.description, /^\S.*\.$/, option.name)
    }
  })

  it('takes classes of presence sources, not more than fit', () => {
    const classes = (names: string) => load({ args: ['--set', `presence.classes=${names}`] })
    assert.deepEqual(classes('door-badge,crm').presence.classes, ['door-badge', 'crm'])
    const many = Array.from({ length: 17 }, (_, at) => `c${at}`)
    assert.throws(() => classes(many.join(',')), /16 at most/)
  })

  it('listens on loopback addresses only in a demonstration', () => {
    const { listen } = load({ args: ['--demo'] })
    for (const at of Object.values(listen)) if (at) assert.equal(at.host, '127.0.0.1')
    assert.ok(listen.https)
  })

  it('cannot be changed afterwards', () => {
    const config = load()
    assert.throws(() => Object.assign(config.listen, { xmpp: undefined }), TypeError)
    assert.throws(() => Object.assign(config.domains, { 0: 'evil' }), TypeError)
  })
})

describe('precedence', () => {
  it('lets flags win over the environment, the environment over the file, the file over defaults', () => {
    withFile('log: { level: error }\nlisten:\n  xmpp: 10.0.0.1:1\n  https: off\n', (cwd, args) => {
      const env = { HELIOGRAPH_LISTEN_XMPP: '10.0.0.2:2', HELIOGRAPH_LISTEN_HTTPS: '10.0.0.2:3' }
      const config = load({ args: [...args, '--set', 'listen.xmpp=[::1]:3'], env, cwd })
      assert.equal(config.log.level, 'error')
      assert.deepEqual(config.listen.https, { host: '10.0.0.2', port: 3 })
      assert.deepEqual(config.listen.xmpp, { host: '::1', port: 3 })
    })
  })

  it('takes the last of two flags', () => {
    const args = ['--data', 'a', '--set=data=b', '--set', 'domains=a.example, b.example']
    const { data, domains } = load({ args })
    assert.equal(data, '/srv/b')
    assert.deepEqual(domains, ['a.example', 'b.example'])
  })
})

describe('the configuration file', () => {
  it('may be named in the environment, and holds sections or dotted names', () => {
    withFile('xmpp.registration: open\nsip:\n  trustedPeers: [10.0.0.0/8, "::1"]\n', (cwd) => {
      const { xmpp, sip } = load({ env: { HELIOGRAPH_CONFIG: 'heliograph.yaml' }, cwd })
      assert.equal(xmpp.registration, 'open')
      assert.deepEqual(sip.trustedPeers, ['10.0.0.0/8', '::1'])
    })
  })

  it('takes relative paths from where it is', () => {
    withFile('tls: { certificate: cert.pem, key: /etc/key.pem }\ndata: d\n', (cwd) => {
      const config = load({ args: ['--config', join(cwd, 'heliograph.yaml')], cwd: '/elsewhere' })
      assert.equal(config.tls.certificate, join(cwd, 'cert.pem'))
      assert.equal(config.tls.key, '/etc/key.pem')
      assert.equal(config.data, join(cwd, 'd'))
    })
  })

  it('may be empty', () => {
    withFile('# nothing yet\n', (cwd, args) =>
      assert.deepEqual(load({ args, cwd }).domains, ['localhost']),
    )
  })

  it('is refused with the line of what YAML does not understand', () => {
    withFile('log:\n  level: info\n listen: [\n', (cwd, args) =>
      refuses({ args, cwd }, 'CFG_SYNTAX', /^heliograph\.yaml, line \d+: /),
    )
    withFile('- a\n', (cwd, args) => refuses({ args, cwd }, 'CFG_SYNTAX', /line 1: expected/))
  })

  it('is refused with the line of an unknown option, a section in place of a value, a wrong type', () => {
    withFile('log:\n  levle: info\n', (cwd, args) =>
      refuses(
        { args, cwd },
        'CFG_UNKNOWN_OPTION',
        /^unknown option log\.levle \(in heliograph\.yaml, line 2\); did you mean log\.level\?$/,
      ),
    )
    withFile('log:\n  level:\n    console: info\n', (cwd, args) =>
      refuses({ args, cwd }, 'CFG_UNKNOWN_OPTION', /log\.level\.console.*line 3/),
    )
    withFile('domains: [a.example, 5]\n', (cwd, args) =>
      refuses(
        { args, cwd },
        'CFG_BAD_VALUE',
        /^domains \(in heliograph\.yaml, line 1\): expected a list of domain names/,
      ),
    )
    withFile('log: info\n', (cwd, args) =>
      refuses({ args, cwd }, 'CFG_UNKNOWN_OPTION', /option log /),
    )
  })

  it('is refused where it cannot be read', () => {
    using directory = temporaryDirectory()
    mkdirSync(join(directory.path, 'dir'))
    const cwd = directory.path
    refuses(
      { args: ['--config', 'no.yaml'], cwd },
      'CFG_UNREADABLE',
      /no\.yaml cannot be read: it does not exist$/,
    )
    refuses({ args: ['--config=dir'], cwd }, 'CFG_UNREADABLE', /it is a directory$/)
  })
})

describe('the environment', () => {
  it('has a variable for each option, in capitals with underscores', () => {
    const env = {
      HELIOGRAPH_LISTEN_XMPP_TLS: 'off',
      HELIOGRAPH_DATA: '/var/lib/heliograph',
      HELIOGRAPH_DEMO: 'false',
      PATH: '/bin',
    }
    const { listen, data, demo } = load({ env })
    assert.equal(listen.xmppTls, undefined)
    assert.equal(data, '/var/lib/heliograph')
    assert.equal(demo, false)
  })

  it('names files for secrets, and for nothing else', () => {
    using directory = temporaryDirectory()
    const cwd = directory.path
    writeFileSync(join(cwd, 'url'), 'postgres://u:p@db/h\n')
    assert.equal(
      load({ env: { HELIOGRAPH_DATABASE_URL_FILE: 'url' }, cwd }).database.url,
      'postgres://u:p@db/h',
    )
    refuses(
      { env: { HELIOGRAPH_DATABASE_URL_FILE: 'none' }, cwd },
      'CFG_UNREADABLE',
      /HELIOGRAPH_DATABASE_URL_FILE: none cannot be read/,
    )
    refuses(
      { env: { HELIOGRAPH_LOG_LEVEL_FILE: 'url' }, cwd },
      'CFG_UNKNOWN_OPTION',
      /LOG_LEVEL_FILE/,
    )
  })

  it('is refused for a variable that is no option, with the nearest that is', () => {
    refuses(
      { env: { HELIOGRAPH_LISTEN_XMP: 'off' } },
      'CFG_UNKNOWN_OPTION',
      /^unknown option HELIOGRAPH_LISTEN_XMP \(in the environment\); did you mean HELIOGRAPH_LISTEN_XMPP\?$/,
    )
  })
})

describe('flags', () => {
  it('ask for help and version', () => {
    assert.equal(loadConfig(['--version'], {}).kind, 'version')
    const help = loadConfig(['--demo', '--help'], {})
    assert.ok(help.kind === 'help')
    for (const flag of ['--config', '--data', '--set', '--demo'])
      assert.ok(help.text.includes(flag))
  })

  it('are refused where they are not understood', () => {
    refuses({ args: ['--verbose'] }, 'CFG_USAGE', /unknown argument "--verbose"/)
    refuses({ args: ['start'] }, 'CFG_USAGE', /unknown argument "start"/)
    refuses({ args: ['--data'] }, 'CFG_USAGE', /--data expects a value/)
    refuses({ args: ['--set', 'domains'] }, 'CFG_USAGE', /--set expects NAME=VALUE/)
  })

  it('are refused for an option that is not known', () => {
    const near = (name: string, meant: string) =>
      refuses(
        { args: ['--set', `${name}=1`] },
        'CFG_UNKNOWN_OPTION',
        new RegExp(`mean ${meant}\\?$`),
      )
    near('listen.xmmp', 'listen\\.xmpp')
    near('trustedPeers', 'sip\\.trustedPeers')
    near('xmpp.level', 'log\\.level')
    refuses({ args: ['--set', 'colour.of.the.sky=1'] }, 'CFG_UNKNOWN_OPTION', /\)$/)
  })
})

describe('listeners with names', () => {
  const refusal = (listeners: object[], message: RegExp) =>
    refuses({ args: ['--set', `listeners=${JSON.stringify(listeners)}`] }, 'CFG_BAD_VALUE', message)

  it('are read from the file, with their own rules', () => {
    const yaml = `listeners:
  - name: office
    address: 127.0.0.1:6222
    kind: xmppTls
    mechanisms: [scram-sha-256, PLAIN]
    idleTimeout: 1m
    maxConnections: 10
    realm: Office
`
    withFile(yaml, (cwd, args) => {
      assert.deepEqual(load({ args, cwd }).listeners, [
        {
          name: 'office',
          kind: 'xmppTls',
          address: { host: '127.0.0.1', port: 6222 },
          maxConnections: 10,
          idleTimeout: 60_000,
          tlsRequired: true,
          mechanisms: ['SCRAM-SHA-256', 'PLAIN'],
          clientCertificates: 'off',
          certificate: undefined,
          key: undefined,
          realm: 'Office',
        },
      ])
    })
  })

  it('are refused with a name or an address of another, or a mechanism that there is not', () => {
    const office = { name: 'office', address: '127.0.0.1:6222' }
    refusal([office, { ...office, address: '127.0.0.1:6223' }], /two are called office/)
    refusal([office, { ...office, name: 'other' }], /other and listeners: office are both/)
    refusal([{ ...office, name: 'https' }], /two are called https/)
    refusal([{ ...office, name: 'a b' }], /a b is no name/)
    refusal([{ ...office, address: '*:5222' }], /office and listen\.xmpp are both/)
    refusal([{ ...office, mechanisms: ['CRAM-MD5'] }], /listener 1: mechanisms: expected a list/)
    refusal([{ ...office, certificate: 'a.pem' }], /office: certificate and key belong together/)
    const pair = { certificate: 'a.pem', key: 'a.key' }
    refusal([{ ...office, ...pair, kind: 'http' }], /office: certificate: http shows none/)
    refusal([{ address: 'off' }], /listener 1: name is missing/)
  })
})

describe('values', () => {
  const wrong = (setting: string, message: RegExp) =>
    refuses({ args: ['--set', setting] }, 'CFG_BAD_VALUE', message)

  it('are refused with what was expected', () => {
    wrong(
      'listen.xmpp=5222',
      /^listen\.xmpp \(--set listen\.xmpp\): expected ADDRESS:PORT or off, got "5222"$/,
    )
    wrong('listen.xmpp=1.2.3:5222', /expected ADDRESS:PORT/)
    wrong('listen.xmpp=::1:5222', /expected ADDRESS:PORT/)
    wrong('listen.xmpp=a:70000', /expected ADDRESS:PORT/)
    wrong('log.level=loud', /expected one of trace, debug,/)
    wrong('xmpp.plaintextAuth=maybe', /expected true or false/)
    wrong('sip.notifyFailures=0', /expected a whole number from 1 to 100, got "0"/)
    wrong(
      'sip.notifyInterval=2 fortnights',
      /expected a duration such as 30s, 5m or 2 days from 0ms to 1h/,
    )
    wrong('sip.trustedPeers=10.0.0.0/33', /expected a list of IP addresses, networks/)
    wrong('database.url=mysql://u:secret@h/d', /expected sqlite:PATH or postgres:[^,]*$/)
    wrong('domains=', /expected a list of domain names, not empty/)
  })

  it('are refused where they do not go together', () => {
    wrong('tls.key=/k.pem', /tls\.certificate and tls\.key belong together/)
    wrong('listen.xmppTls=*:5222', /^listen\.xmppTls and listen\.xmpp are both /)
    wrong('sip.publish.expires=10s', /^sip\.publish: expected minExpires/)
    wrong('xmpp.clientCertificates=optional', /^xmpp\.clientCa: needed where/)
    const rules = (rule: object) => `sip.proxy.rules=${JSON.stringify([rule])}`
    wrong(rules({ action: 'destination' }), /the 1\. rule: destinations: name one at least/)
    const lost = { name: 'out', action: 'destination', destinations: ['gw'] }
    wrong(rules(lost), /rules: out: there is no gw in sip\.proxy\.destinations/)
    const twice = [
      { name: 'gw', host: 'a' },
      { name: 'gw', host: 'b' },
    ]
    wrong(`sip.proxy.destinations=${JSON.stringify(twice)}`, /two of them have the same name/)
  })

  it('never repeats a secret', () => {
    refuses({ args: ['--set', 'database.url=hunter2'] }, 'CFG_BAD_VALUE', /^(?!.*hunter2)/)
  })
})
