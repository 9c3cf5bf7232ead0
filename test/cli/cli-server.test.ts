import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { contactCommands } from '../../src/cli/commands/contact.ts'
import { domainCommands } from '../../src/cli/commands/domain.ts'
import { presenceCommands } from '../../src/cli/commands/presence.ts'
import { statusCommands } from '../../src/cli/commands/status.ts'
import { userCommands } from '../../src/cli/commands/user.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { ask as askServer, doneBy, type Ran, ROOT, run, untried } from './rig.ts'

suite('bin/heliograph and a running server', () => {
  let server: TestServer
  const directory = temporaryDirectory()

  before(async () => {
    server = await startTestServer({ args: ['--set', 'domains=example.org'] })
  })
  after(async () => {
    directory[Symbol.dispose]()
    await server[Symbol.asyncDispose]()
  })

  const used = new Set<string>()
  const heliograph = async (line: string, input?: string): Promise<string> => {
    used.add(line)
    return doneBy(line, await ask(line, input))
  }
  const ask = (line: string, input?: string): Promise<Ran> => askServer(server.data, line, input)

  test('a domain is added, changed, listed and removed', async () => {
    assert.equal(
      await heliograph('domain add west.example --sip-digest both'),
      'added west.example\n',
    )
    const set = await heliograph(
      'domain set west.example --digest-md5 on --sip-digest md5 --composition microsoft',
    )
    assert.equal(set, 'west.example  sip-digest md5  microsoft  digest-md5\n')
    assert.equal(
      await heliograph('domain list'),
      'example.org   sip-digest off  enterprise\nwest.example  sip-digest md5  microsoft   digest-md5\n',
    )
    assert.equal(await heliograph('domain remove west.example'), 'removed: west.example\n')
  })

  test('a user is added, changed, shown by any address and removed', async () => {
    const added = 'added erin@example.org\n'
    assert.equal(await heliograph('user add erin@example.org --password pw --name Erin'), added)
    const address = 'user address add erin@example.org e164 +15551234567'
    assert.equal(await heliograph(address), 'added: +15551234567\n')
    assert.match(
      await heliograph('user show +15551234567'),
      /^account {2}erin@example\.org\nname {5}Erin\ncreated {2}\S+Z\ne164 {5}\+15551234567\n$/,
    )
    assert.equal(await heliograph('user disable erin@example.org'), 'disabled: erin@example.org\n')
    assert.equal(await heliograph('user list'), 'erin@example.org  Erin  disabled\n')
    assert.equal(await heliograph('user enable erin@example.org'), 'enabled: erin@example.org\n')
    const password = 'user password erin@example.org --password-file -'
    assert.equal(await heliograph(password, 'new secret\n'), 'password set: erin@example.org\n')
    assert.equal(await heliograph(address.replace(' add ', ' remove ')), 'removed: +15551234567\n')
    assert.equal(await heliograph('user remove erin@example.org'), 'removed: erin@example.org\n')
    assert.equal(await heliograph('user list'), '')
  })

  test('a file is imported from its path and from standard input', async () => {
    const file = join(directory.path, 'people.csv')
    writeFileSync(file, 'address,password,name\ngina@example.org,pw,Gina\nnobody,pw,\n')
    const refusal = 'line 3: BAD_ACCOUNT: an account is an address of the form user@domain\n'
    const counts = 'added 1, updated 0, refused 1\n'
    assert.deepEqual(await ask(`user import ${file} --dry-run`), {
      code: 1,
      out: `${refusal}dry run: ${counts}`,
      err: '',
    })
    assert.deepEqual(await ask(`user import ${file}`), { code: 1, out: refusal + counts, err: '' })
    const updated = await heliograph('user import - --update', 'gina@example.org,,Georgina\n')
    assert.equal(updated, 'added 0, updated 1, refused 0\n')
    const shown = await heliograph('--json user show gina@example.org')
    assert.equal((JSON.parse(shown) as { name: string }).name, 'Georgina')
  })

  test('a contact list is kept for a user', async () => {
    for (const name of ['ida', 'jack']) await heliograph(`user add ${name}@example.org`)
    const add = 'contact add ida@example.org'
    const jack = 'jack@example.org: user, presence'
    const words = '--name Jack --group Work'
    assert.equal(await heliograph(`${add} jack@example.org ${words}`), `added ${jack} subscribed\n`)
    assert.equal(await heliograph(`${add} jack@example.org`), `unchanged ${jack} subscribed\n`)
    assert.equal(
      await heliograph(`${add} jack@example.org --no-presence`),
      `changed ${jack} none\n`,
    )
    const number = '4711@example.org'
    assert.equal(await heliograph(`${add} 4711`), `added ${number}: unmatched, presence pending\n`)
    assert.equal(
      await heliograph('contact list ida@example.org'),
      `${number}  pending  unmatched\njack@example.org  none     user       Jack  Work\n`,
    )
    assert.equal(await heliograph('contact remove ida@example.org 4711'), 'removed: 4711\n')
    const { out } = await ask('--json contact list ida@example.org')
    assert.deepEqual(Object.keys(JSON.parse(out) as object), ['account', 'contacts'])
  })

  test('presence is shown and explained', async () => {
    await heliograph('user add henry@example.org')
    const said = /^henry@example\.org is offline since \S+Z\n$/
    await heliograph('user address add henry@example.org exchange h@mail.example')
    assert.match(
      await heliograph('presence show henry@example.org'),
      /\n {2}email mailto:h@mail\.example\n$/,
    )
    await heliograph('user address remove henry@example.org exchange h@mail.example')
    const set = await heliograph('presence set henry@example.org busy --note Reading --for 2h')
    assert.match(set, /^henry@example\.org is busy \(Reading\) since /)
    assert.match(await heliograph('presence clear henry@example.org'), / is offline since /)
    assert.match(await heliograph('presence show henry@example.org'), said)
    assert.match(await heliograph('presence explain henry@example.org'), /\nrule nothing: .+\n$/)
  })

  test('the server is shown, and an administrator gets a password', async () => {
    const status = await heliograph('status')
    assert.match(status, /^version +\d+\.\d+\.\d+\nstarted +\S+Z\ndomains +example\.org\nusers /)
    assert.match(
      status,
      new RegExp(`^https +127\\.0\\.0\\.1:${server.port('https')}  HTTPS API$`, 'm'),
    )
    const set = await heliograph('admin password admin --password-file -', 'a new secret')
    assert.equal(set, 'password set: admin\n')
  })

  test('a refusal is said in one line, with its exit code', async () => {
    const cases = [
      [1, 'UNKNOWN_ADDRESS: no user has the address x@example.org', 'user show x@example.org'],
      [1, 'NO_SUCH_DOMAIN: .+', 'user add x@elsewhere.example'],
      [1, 'BAD_PASSWORD: .+', 'admin password admin --password short'],
      [2, "CLI_USAGE: Unknown option '--colour'.*", 'user list --colour'],
      [2, 'CLI_USAGE: usage: heliograph user show ADDRESS', 'user show'],
      [2, 'CLI_UNREADABLE: cannot read /no/file: .+', 'user import /no/file'],
      [
        3,
        'CLI_NO_SERVER: no server answers at /nowhere/heliograph\\.sock .+',
        '--data /nowhere status',
      ],
    ] as const
    for (const [code, line, command] of cases) {
      const ran = await ask(command)
      assert.equal(ran.code, code, command)
      assert.equal(ran.out, '')
      assert.match(ran.err, new RegExp(`^${line}\n$`))
    }
    const json = await ask('--json user show x@example.org')
    assert.deepEqual(Object.keys(JSON.parse(json.err) as object), ['error'])
  })

  test('the manual’s tools are there by their names', async () => {
    for (const tool of ['presuseracls', 'user-default-acl-policy.sh', 'watchers.sh']) {
      const help = await run([join(ROOT, 'bin', tool), '--help'])
      assert.ok(help.out.startsWith(`heliograph ${tool.replace('.sh', '')}`), tool)
    }
    const tool = join(ROOT, 'bin/user-default-policy-domain.sh')
    const ran = await run([tool, '--data', server.data, '-d', 'xmpp.example'])
    assert.deepEqual(ran, { code: 0, out: 'DELETE 0\n', err: '' })
  })

  test('npx finds it in the project', async () => {
    const { code, out, err } = await run([
      ...['npx', '--no-install', 'heliograph'],
      ...['--data', server.data, 'status'],
    ])
    assert.equal(code, 0, err)
    assert.match(out, /^version /)
  })

  test('every command was tried', () => {
    const groups = [statusCommands, domainCommands, userCommands, presenceCommands]
    const all = [...groups.flat(), ...contactCommands]
    assert.deepEqual(untried(all, used), [])
  })
})
