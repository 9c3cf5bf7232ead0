import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { accessLevelCommands } from '../../src/cli/commands/access-level.ts'
import { aclCommands } from '../../src/cli/commands/acl.ts'
import { aclDefaultCommands } from '../../src/cli/commands/acl-defaults.ts'
import { requestCommands } from '../../src/cli/commands/request.ts'
import { watcherCommands } from '../../src/cli/commands/watchers.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { askHere, doneBy, untried } from './rig.ts'

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((name) => `${name}@${DOMAIN}`)

suite('rules, requests and watchers on the command line', () => {
  let server: TestServer

  before(async () => {
    server = await startTestServer({ args: ['--set', `domains=west.example`] })
    await heliograph(`domain add ${DOMAIN} --sip-digest both`)
    for (const name of [alice, bob, carol]) {
      await heliograph(`user add ${name} --password ${PASSWORD}`)
    }
  })
  after(() => server[Symbol.asyncDispose]())

  const used = new Set<string>()
  const ask = (line: string) => askHere(server.data, line)
  const heliograph = async (line: string): Promise<string> => {
    used.add(line)
    return doneBy(line, await ask(line))
  }
  /** Rules without the time of their last change. */
  const rules = async (filter = '') =>
    (await heliograph(`acl show${filter}`)).replace(/ +\d{4}-\S+Z$/gm, '')

  test('rules are made, shown, changed and deleted', async () => {
    const made = await heliograph(`acl create allow ${alice} sip:${bob} --level Telephony`)
    assert.match(made, /^created: alice@example\.com bob@example\.com Telephony allow \S+Z\n$/)
    await heliograph(`acl create block ${alice} eve@elsewhere.example --external`)
    await heliograph(`acl create confirm ${carol} ${bob} --enforced`)
    assert.equal(
      await rules(),
      'alice@example.com  bob@example.com        Telephony  allow\n' +
        'alice@example.com  eve@elsewhere.example  All        block\n' +
        'carol@example.com  bob@example.com        All        confirm  enforced\n',
    )
    assert.match(
      await heliograph(`acl modify block ${alice} ${bob} --level Telephony`),
      /^changed: /,
    )
    assert.equal(
      await rules(` --presentity ${alice} --watcher ${bob}`),
      'alice@example.com  bob@example.com  Telephony  block\n',
    )
    assert.equal(await rules(' --action confirm'), await rules(' --enforced'))
    const missing = await ask(`acl modify block ${bob} ${alice}`)
    assert.deepEqual(missing, {
      code: 1,
      out: '',
      err: 'NO_SUCH_RULE: There is no such rule.\n',
    })
    assert.equal((await ask(`acl create block ${carol} ${bob} --enforced`)).code, 1)
  })

  test('rules are deleted by pair, by watcher, by action, and all', async () => {
    for (const one of [`allow ${alice} ${carol}`, `allow ${bob} ${carol}`, `block * ${carol}`]) {
      await heliograph(`acl create ${one}`)
    }
    assert.equal(
      await heliograph(`acl delete --presentity ${alice} --watcher ${carol}`),
      'deleted 1\n',
    )
    const stranger = 'acl delete --watcher eve@elsewhere.example --external'
    assert.equal(await heliograph(stranger), 'deleted 1\n')
    assert.equal(await heliograph('acl delete --action allow'), 'deleted 1\n')
    assert.equal(await heliograph('acl delete --action block'), 'deleted 1\n')
    assert.equal(
      await rules(),
      '*                  carol@example.com  All  block\n' +
        'carol@example.com  bob@example.com    All  confirm  enforced\n',
    )
    assert.equal(await heliograph('acl delete --all'), 'deleted 0\n')
    assert.equal(await heliograph(`acl delete --presentity ${carol} --enforced`), 'deleted 1\n')
    assert.equal(await heliograph('acl delete --presentity *'), 'deleted 1\n')
    assert.equal((await ask('acl delete')).code, 2)
    assert.equal((await ask(`acl delete --all --presentity ${alice}`)).code, 2)
  })

  test('defaults are set, shown and deleted for a user, a domain and the system', async () => {
    for (const [place, presentity] of [
      [`user-default set ${alice}`, alice],
      ['domain-default set xmpp.example', '@xmpp.example'],
      ['system-default set', '*'],
    ] as const) {
      const set = await heliograph(`acl ${place} ALLOW`)
      assert.match(set, new RegExp(`^created: ${presentity?.replace('*', '\\*')} \\* All allow `))
      await heliograph(`acl ${place} block --external`)
      const shown = await heliograph(`acl ${place.replace(' set', ' show')}`)
      assert.equal(
        shown
          .match(/ All +(allow|block) /g)
          ?.join('')
          .replaceAll(/ +/g, ' '),
        ' All allow All block ',
      )
      const remove = `acl ${place.replace(' set', ' delete')}`
      assert.equal(await heliograph(`${remove} --external`), 'deleted 1\n')
      assert.equal(await heliograph(remove), 'deleted 1\n')
    }
    for (const line of [
      'acl user-default show alice@example.com',
      'acl domain-default show example.com',
    ]) {
      assert.equal(await heliograph(line), '', line)
    }
    assert.equal(
      await heliograph('acl system-default show'),
      'where no rule decides: users of this system allow (authorization.sameSystem), all others confirm\n',
    )
    assert.equal((await ask(`acl user-default set ${alice} maybe`)).code, 2)
  })

  test('access levels are made, changed, listed and deleted', async () => {
    const desk = 'access-level create Desk --classes phone,enterprise-im'
    assert.equal(await heliograph(desk), 'Desk  enterprise-im, phone\n')
    assert.equal(
      await heliograph('access-level modify Desk --all-but phone'),
      'Desk  all but phone\n',
    )
    assert.equal(
      await heliograph('access-level list'),
      'All        all classes\nTelephony  phone\nDesk       all but phone\n',
    )
    assert.equal(await heliograph('access-level delete Desk'), 'deleted: Desk\n')
    const all = await ask('access-level delete All')
    assert.match(all.err, /^ACCESS_LEVEL_PREDEFINED: /)
    assert.equal((await ask('access-level create Desk')).code, 2)
  })

  test('a watcher of another system is shown what he would see', async () => {
    const stranger = `presence show ${carol} --as robert@partner.example`
    assert.match(await heliograph(stranger), /^to robert@partner\.example: confirm\n/m)
    await heliograph(`user address add ${bob} other-xmpp robert@partner.example`)
    assert.match(await heliograph(stranger), /^to bob@example\.com: allow\n/m)
    const literal = await heliograph(`${stranger} --external`)
    assert.match(literal, /^to robert@partner\.example: confirm\n.*: confirm by default\n$/m)
  })

  test('domains are shut off from each other and opened again', async () => {
    assert.equal(await heliograph('acl cross-domain'), 'cross-domain on\n')
    assert.equal(await heliograph('acl cross-domain off'), 'cross-domain off\n')
    await heliograph('user add wendy@west.example')
    const view = await heliograph(`presence show ${alice} --as wendy@west.example`)
    assert.match(view, /^to wendy@west\.example: block\n.*: block by cross-domain\n$/m)
    assert.equal(await heliograph('acl cross-domain on'), 'cross-domain on\n')
    assert.equal((await ask('acl cross-domain maybe')).code, 2)
  })

  test('a request is listed and answered, and the answer is explained', async (t) => {
    const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
    const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
    await heliograph(`acl user-default set ${alice} confirm`)
    const phone = await Phone.open(t, sip, 'bob')
    assert.equal((await phone.subscribe(`sip:${alice}`)).status, 200)
    const state = (one: SipRequest) => one.headers.get('Subscription-State') ?? ''
    await phone.got('NOTIFY', (one) => state(one).startsWith('pending'))
    while ((await heliograph(`request list ${alice}`)) !== `${bob}\n`);
    assert.equal(
      await heliograph(`watchers --watched ${alice}`),
      `Users watching ${alice}\n  ${bob}  1 subscriptions  pending\n1 watchers\n`,
    )
    const explained = await heliograph(`presence explain ${alice}`)
    assert.match(explained, /^bob@example\.com \(sip, waiting\) sees nothing$/m)
    assert.match(explained, /: confirm by alice@example\.com \* All confirm \S+Z\n$/)
    const answer = `request answer ${alice} ${bob} allow`
    assert.equal(await heliograph(answer), `allowed: ${bob}\n`)
    assert.equal(await heliograph(`request list ${alice}`), '')
    await phone.got('NOTIFY', (one) => state(one).startsWith('active'))
    const view = await heliograph(`presence show ${alice} --as ${bob}`)
    assert.match(view, /^alice@example\.com is offline since \S+Z\nto bob@example\.com: allow\n/)
    assert.match(view, /: allow by alice@example\.com bob@example\.com All allow \S+Z\n$/)
    assert.match((await ask(answer)).err, /^NO_SUCH_REQUEST: /)
  })

  test('every command was tried', () => {
    const groups = [
      aclCommands,
      aclDefaultCommands,
      accessLevelCommands,
      requestCommands,
      watcherCommands,
    ]
    assert.deepEqual(untried(groups.flat(), used), [])
  })
})
