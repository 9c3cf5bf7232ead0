/** States, classes and places that phones publish, over real sockets, as other phones see them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { startTestServer, type TestServer } from '../support/server.ts'
import { DOMAIN, PASSWORD, Phone } from '../support/sip-system.ts'

const CLI = new URL('../../bin/heliograph', import.meta.url).pathname
const DAVE = `dave@${DOMAIN}`

function heliograph(server: TestServer, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(CLI, ['--data', server.data, ...args])
  assert.equal(status, 0, stderr.toString())
  return stdout.toString()
}

function pidf(activities: string, sourceClass = 'phone'): string {
  return `<?xml version="1.0"?><presence xmlns="urn:ietf:params:xml:ns:pidf"
    xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:lt="urn:ietf:params:xml:ns:location-type"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:${DAVE}">
    <tuple id="desk"><status><basic>open</basic></status><r:class>${sourceClass}</r:class></tuple>
    <dm:person id="d">${activities}<r:place-type><lt:office/></r:place-type></dm:person></presence>`
}

const doing = (activity: string) => `<r:activities>${activity}</r:activities>`
const withoutTimes = (body: string) => body.replace(/(<(dm:)?timestamp>)[^<]*/g, '$1')

test('publications of an added class, with a place, and of who appears offline', async (t) => {
  const args = ['sip.notifyInterval=0s', 'presence.classes=door-badge']
  const server = await startTestServer({ args: args.flatMap((each) => ['--set', each]) })
  t.after(() => server[Symbol.asyncDispose]())
  heliograph(server, 'domain', 'add', DOMAIN, '--sip-digest', 'both')
  for (const name of ['carol', 'dave']) {
    heliograph(server, 'user', 'add', `${name}@${DOMAIN}`, '--password', PASSWORD)
  }
  heliograph(server, 'access-level', 'create', 'Badge', '--classes', 'door-badge')

  const ports = { udp: 'sipUdp', tcp: 'sipTcp', tls: 'sipTls' } as const
  const sip = { port: (transport: keyof typeof ports) => server.port(ports[transport]) }
  const dave = await Phone.open(t, sip, 'dave', 'tcp')
  const carol = await Phone.open(t, sip, 'carol', 'tcp')
  const publish = async (body: string, headers: readonly (readonly [string, string])[] = []) => {
    const type = body === '' ? [] : [['Content-Type', 'application/pidf+xml'] as const]
    const response = await dave.send('PUBLISH', {
      uri: `sip:${DAVE}`,
      headers: [['Event', 'presence'], ...type, ...headers],
      body,
    })
    assert.equal(response.status, 200)
    return response.headers.get('SIP-ETag') ?? ''
  }
  /** What Carol is told from now on that says this. */
  const told = async (step: () => Promise<unknown>, says: RegExp) => {
    const before = carol.received.length
    await step()
    const notify = await carol.got(
      'NOTIFY',
      (one) => carol.received.indexOf(one) >= before && says.test(one.body.toString()),
    )
    return notify.body.toString()
  }

  assert.equal((await carol.subscribe(`sip:${DAVE}`)).status, 200)
  let badge = ''
  const there = await told(async () => {
    badge = await publish(pidf(doing('<r:working/>'), 'Door-Badge'))
  }, /door-badge/)
  assert.match(there, /<rpid:class>door-badge<\/rpid:class>/)
  assert.match(there, /<rpid:place-type><lt:office\/><\/rpid:place-type>/)

  const gone = await told(
    () =>
      publish('', [
        ['SIP-If-Match', badge],
        ['Expires', '0'],
      ]),
    /closed/,
  )
  await told(() => publish(pidf(doing('<r:on-the-phone/>'))), /on-the-phone/)
  const hidden = await told(
    () => publish(pidf(doing('<r:other>appear-offline</r:other>'))),
    /closed/,
  )
  assert.equal(withoutTimes(hidden), withoutTimes(gone))
  assert.match(
    heliograph(server, 'presence', 'explain', DAVE),
    /is offline .*\nrule appear-offline:/,
  )
})
