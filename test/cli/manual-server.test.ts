/** The manual's examples of its tools (Appendix A, and "Using the watchers.sh tool"), as it prints them. */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { manualAliases } from '../../src/cli/commands/manual-aliases.ts'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'
import { askHere, doneBy, untried } from './rig.ts'

const AURA = 'aceaura.avaya.com'
const USER = '55010@abc.avaya.com'

suite('the manual’s tools', () => {
  let server: TestServer

  before(async () => {
    const domains = `domains=${AURA},abc.avaya.com`
    server = await startTestServer({ args: ['--set', domains] })
    await heliograph(`domain add ${DOMAIN} --sip-digest both`)
    const people = ['55011', '55013', '55014', 'dog2001'].map((name) => `${name}@${AURA}`)
    const watchers = ['user700000', 'user700001', 'istdistributor'].map((n) => `${n}@${DOMAIN}`)
    for (const account of [...people, ...watchers, USER]) {
      await heliograph(`user add ${account} --password ${PASSWORD}`)
    }
    for (const pair of ['55013 dog2001', '55013 55014', '55013 55011', '55014 55013']) {
      const [presentity, watcher] = pair.split(' ').map((name) => `${name}@${AURA}`)
      await heliograph(`acl create allow ${presentity} ${watcher}`)
    }
  })
  after(() => server[Symbol.asyncDispose]())

  const used = new Set<string>()
  const ask = (line: string) => askHere(server.data, line)
  const heliograph = async (line: string) => {
    used.add(line)
    return doneBy(line, await ask(line))
  }

  /** A table of psql with every time replaced by `T`, its columns not padded. */
  const shown = async (line: string) => {
    const text = await heliograph(line)
    return text
      .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}/g, 'T')
      .replace(/ +/g, ' ')
      .replace(/-+/g, '-')
      .split('\n')
      .map((row) => row.trim())
  }
  const pairs = (...rows: readonly string[]) => [
    'presentity | watcher | ruletype | infotype | updated',
    '-+-+-+-+-',
    ...rows,
    `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`,
    '',
  ]
  const pair = (presentity: string, watcher: string, rule: string) =>
    `${presentity}@${AURA} | ${watcher}@${AURA} | ${rule} | All | T`

  test('presuseracls, example 1: show a user’s rules by presentity', async () => {
    const rules = pairs(
      pair('55013', '55011', 'ALLOW'),
      pair('55013', '55014', 'ALLOW'),
      pair('55013', 'dog2001', 'ALLOW'),
    )
    assert.deepEqual(await shown('presuseracls -p 55013'), rules)
    assert.deepEqual(await shown(`presuseracls 55013@${AURA}`), rules)
    assert.equal((await shown('presuseracls')).at(-2), '(4 rows)')
  })

  test('presuseracls, example 2: show who is watching', async () => {
    assert.deepEqual(await shown('presuseracls -w 55013'), pairs(pair('55014', '55013', 'ALLOW')))
  })

  test('presuseracls, example 3: modify the rule of a pair', async () => {
    const modify = `presuseracls -m block 55013@${AURA} 55011@${AURA}`
    assert.equal(await heliograph(modify), 'UPDATE 1\n')
    assert.deepEqual(
      await shown('presuseracls -p 55013'),
      pairs(
        pair('55013', '55011', 'BLOCK'),
        pair('55013', '55014', 'ALLOW'),
        pair('55013', 'dog2001', 'ALLOW'),
      ),
    )
    const none = `presuseracls --modify block 55011@${AURA} 55013@${AURA}`
    assert.equal(await heliograph(none), 'UPDATE 0\n')
  })

  test('presuseracls, example 4: delete the rule of a pair', async () => {
    const remove = `presuseracls -d 55013@${AURA} 55011@${AURA}`
    assert.equal(await heliograph(remove), 'DELETE 1\n')
    assert.deepEqual(
      await shown('presuseracls -p 55013'),
      pairs(pair('55013', '55014', 'ALLOW'), pair('55013', 'dog2001', 'ALLOW')),
    )
  })

  test('presuseracls, example 5: create the rule of a pair', async () => {
    const create = `presuseracls -c allow 55013@${AURA} 55011@${AURA}`
    assert.equal(await heliograph(create), 'INSERT 0 1\n')
    assert.equal((await shown('presuseracls -p 55013')).at(-2), '(3 rows)')
    assert.match((await ask(create)).err, /^RULE_EXISTS: /)
  })

  test('presuseracls takes external watchers, and deletes by presentity and by kind', async () => {
    const create = `presuseracls --create block 55013@${AURA} -ext pat@partner.example`
    assert.equal(await heliograph(create), 'INSERT 0 1\n')
    assert.match(
      (await ask(create.replace('-ext ', '').replace('pat', 'sam'))).err,
      /^UNKNOWN_ADDRESS: /,
    )
    await heliograph(`acl create block 55013@${AURA} 55014@${AURA} --enforced`)
    await heliograph(`acl user-default set 55013@${AURA} confirm`)
    assert.equal(await heliograph('presuseracls --delete -block'), 'DELETE 1\n')
    assert.equal(await heliograph(`presuseracls -d 55013@${AURA}`), 'DELETE 3\n')
    assert.equal(await heliograph('presuseracls --delete -allow'), 'DELETE 1\n')
    assert.equal(await heliograph('presuseracls --delete -all'), 'DELETE 0\n')
    // What the administrator enforces and what holds for everybody else are not the tool's.
    assert.equal((await heliograph('acl show')).split('\n').length, 3)
    await heliograph(`acl user-default delete 55013@${AURA}`)
    await heliograph(`acl delete --presentity 55013@${AURA} --enforced`)
    assert.deepEqual(await shown('presuseracls'), pairs())
    for (const line of ['-x', '-c allow', '-m maybe a b', '--delete -some', '-p a b', '-d']) {
      assert.equal((await ask(`presuseracls ${line}`)).code, 2, line)
    }
    for (const option of ['--help', '-help', '-?']) {
      assert.match(await heliograph(`presuseracls ${option}`), /-c\|--create allow\|block PRES/)
    }
  })

  const defaults = (...rows: readonly string[]) => [
    'discriminator | name | acl',
    '-+-+-',
    ...rows,
    `(${rows.length} ${rows.length === 1 ? 'row' : 'rows'})`,
    '',
  ]

  test('user-default-acl-policy, examples 1 to 5', async () => {
    const tool = 'user-default-acl-policy.sh'
    assert.deepEqual(await shown(`${tool} 55010`), defaults())
    assert.equal(await heliograph(`${tool} -c confirm ${USER}`), 'INSERT 0 1\n')
    assert.deepEqual(await shown(`${tool} 55010`), defaults(`UD | ${USER} | CONFIRM`))
    assert.equal(await heliograph(`${tool} -d ${USER}`), 'DELETE 1\n')
    assert.deepEqual(await shown(`${tool} 55010`), defaults())
    assert.match(await heliograph('user-default-acl-policy'), / -c allow\|block\|confirm USER\n/)
    assert.equal((await ask(`${tool} -m allow ${USER}`)).code, 2)
  })

  test('user-default-policy-domain: its three examples', async () => {
    await heliograph(`user address add 55013@${AURA} other-xmpp spot@xmpp.com`)
    const watching = async () =>
      /^to \S+: (\w+)/m.exec(await heliograph(`presence show 55013@${AURA} --as ${USER}`))?.[1]
    await heliograph('acl system-default set confirm')
    assert.equal(await watching(), 'confirm')
    const tool = 'user-default-policy-domain.sh'
    assert.equal(await heliograph(`${tool} -c ALLOW xmpp.com`), 'INSERT 0 1\n')
    assert.equal(await watching(), 'allow')
    assert.equal(await heliograph(`${tool} -c BLOCK xmpp.com`), 'UPDATE 1\n')
    assert.equal(await watching(), 'block')
    assert.equal(await heliograph('user-default-policy-domain -d xmpp.com'), 'DELETE 1\n')
    assert.equal(await watching(), 'confirm')
    await heliograph('acl system-default delete')
  })

  test('watchers: its two examples', async (t) => {
    const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
    const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
    for (const name of ['user700000', 'istdistributor']) {
      const phone = await Phone.open(t, sip, name)
      assert.equal((await phone.subscribe(`sip:user700001@${DOMAIN}`)).status, 200)
    }
    assert.equal(
      await heliograph(`watchers.sh --watching user700000@${DOMAIN}`),
      `user700000@${DOMAIN} is watching\n` +
        `  user700001@${DOMAIN}  1 subscriptions\n` +
        '1 users and 0 rosters\n',
    )
    assert.equal(
      await heliograph(`watchers --watched user700001@${DOMAIN}`),
      `Users watching user700001@${DOMAIN}\n` +
        `  istdistributor@${DOMAIN}  1 subscriptions\n` +
        `  user700000@${DOMAIN}      1 subscriptions\n` +
        '2 watchers\n',
    )
    assert.match(await heliograph('watchers.sh -?'), /^heliograph watchers /)
    assert.equal((await ask('watchers.sh')).code, 2)
  })

  test('every tool was tried', () => {
    assert.deepEqual(untried(manualAliases, used), [])
  })
})
