import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkServerIdentity, connect, createServer } from 'node:tls'
import type { TlsIdentities } from '../../src/net/link.ts'
import { Certificates, type CertificatesConfig } from '../../src/ops/certificates.ts'
import { silentLog } from '../../src/util/log.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const DAY_MS = 86_400_000
const NO_FILES = {
  certificate: undefined,
  key: undefined,
  domains: undefined,
  clientCa: undefined,
  minVersion: '1.2',
} as const

interface Given {
  clock?: FakeClock
  tls?: object
  listeners?: CertificatesConfig['listeners']
}

function open(
  data: string,
  domains: string[],
  { clock = new FakeClock(Date.now()), tls = {}, listeners = [] }: Given = {},
) {
  return Certificates.open(
    { clock, log: silentLog },
    { data, tls: { ...NO_FILES, ...tls }, listeners },
    () => domains,
  )
}

const leaf = (certificates: Certificates) => new X509Certificate(certificates.identity.cert)

describe('a certificate of the server’s own', () => {
  it('is made at the first start, for the domains and this machine, and kept secret', async () => {
    using directory = temporaryDirectory()
    using certificates = await open(directory.path, ['a.example', 'münchen.example'])
    const certificate = leaf(certificates)
    for (const name of ['a.example', 'xn--mnchen-3ya.example', 'localhost', hostname()]) {
      assert.equal(certificate.checkHost(name), name)
    }
    for (const address of ['127.0.0.1', '::1']) assert.ok(certificate.checkIP(address))
    assert.equal(certificate.checkHost('b.example'), undefined)
    assert.equal(certificate.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1')
    for (const file of ['ca.pem', 'ca-key.pem', 'server.pem', 'server-key.pem']) {
      assert.equal(statSync(join(directory.path, 'tls', file)).mode & 0o777, 0o600, file)
    }
  })

  it('lets a client that trusts the authority connect by any of the names', async () => {
    using directory = temporaryDirectory()
    using certificates = await open(directory.path, ['a.example'])
    const server = createServer({ ...certificates.identity }, (socket) => socket.end('hello'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const address = server.address()
      assert.ok(typeof address === 'object' && address)
      const ca = readFileSync(certificates.caPath ?? '')
      const socket = connect({ host: '127.0.0.1', port: address.port, ca, servername: 'a.example' })
      await new Promise((resolve, reject) =>
        socket.once('secureConnect', resolve).once('error', reject),
      )
      assert.ok(socket.authorized)
      assert.equal(checkServerIdentity('localhost', socket.getPeerCertificate()), undefined)
      socket.destroy()
    } finally {
      server.close()
    }
  })

  it('is the same at the next start', async () => {
    using directory = temporaryDirectory()
    using first = await open(directory.path, ['a.example'])
    using second = await open(directory.path, ['a.example'])
    assert.equal(second.identity.cert, first.identity.cert)
  })

  it('is issued anew by the same authority when a domain comes, and servers are told', async () => {
    using directory = temporaryDirectory()
    const domains = ['a.example']
    using certificates = await open(directory.path, domains)
    const authority = readFileSync(certificates.caPath ?? '', 'utf8')
    const context = certificates.secureContext('a.example')
    const told: TlsIdentities[] = []
    certificates.onChange((identities) => told.push(identities))
    domains.push('b.example')
    const changed = new Promise((resolve) => certificates.onChange(resolve))
    certificates.secureContext('b.example')
    await changed
    assert.ok(leaf(certificates).checkHost('b.example'))
    assert.notEqual(certificates.secureContext('b.example'), context)
    assert.deepEqual(told, [certificates.identities])
    assert.equal(readFileSync(certificates.caPath ?? '', 'utf8'), authority)
    await certificates.refresh()
    assert.equal(told.length, 1)
  })

  it('is renewed a month before it ends, while the server runs', async () => {
    using directory = temporaryDirectory()
    const clock = new FakeClock(Date.now())
    using certificates = await open(directory.path, ['a.example'], { clock })
    const before = certificates.identity.cert
    const renewed = new Promise<TlsIdentities>((resolve) => certificates.onChange(resolve))
    clock.advance(leaf(certificates).validToDate.getTime() - 29 * DAY_MS - clock.now())
    assert.notEqual((await renewed).main.cert, before)
    assert.ok(leaf(certificates).validToDate.getTime() > clock.now() + 300 * DAY_MS)
  })

  it('is made again where half of it is missing or spoilt', async () => {
    using directory = temporaryDirectory()
    using first = await open(directory.path, ['a.example'])
    writeFileSync(join(directory.path, 'tls', 'server-key.pem'), 'spoilt')
    using second = await open(directory.path, ['a.example'])
    assert.notEqual(second.identity.cert, first.identity.cert)
    assert.ok(leaf(second).checkIssued(new X509Certificate(readFileSync(second.caPath ?? ''))))
  })
})

describe('the operator’s certificate', () => {
  async function files(directory: string, name: string) {
    using made = await open(join(directory, name), [name])
    const certificate = join(directory, `${name}.pem`)
    const key = join(directory, `${name}-key.pem`)
    writeFileSync(certificate, made.identity.cert)
    writeFileSync(key, made.identity.key)
    return { certificate, key }
  }

  it('is shown instead, and read again when its files change', async () => {
    using directory = temporaryDirectory()
    const tls = await files(directory.path, 'a.example')
    const clock = new FakeClock(Date.now())
    using certificates = await open(directory.path, ['a.example'], { clock, tls })
    assert.equal(certificates.caPath, undefined)
    assert.equal(certificates.identity.cert, readFileSync(tls.certificate, 'utf8'))

    const changed = new Promise<TlsIdentities>((resolve) => certificates.onChange(resolve))
    const other = await files(directory.path, 'b.example')
    writeFileSync(tls.key, readFileSync(other.key))
    writeFileSync(tls.certificate, readFileSync(other.certificate))
    clock.advance(60_000)
    assert.equal((await changed).main.cert, readFileSync(other.certificate, 'utf8'))
  })

  it('stays in use while its files hold something unusable', async () => {
    using directory = temporaryDirectory()
    const tls = await files(directory.path, 'a.example')
    using certificates = await open(directory.path, ['a.example'], { tls })
    const { cert } = certificates.identity
    writeFileSync(tls.certificate, 'half a certificate')
    await certificates.refresh()
    assert.equal(certificates.identity.cert, cert)
  })

  it('is refused where it cannot be read, is not one, or has another key', async () => {
    using directory = temporaryDirectory()
    const good = await files(directory.path, 'a.example')
    const other = await files(directory.path, 'b.example')
    const text = join(directory.path, 'text.pem')
    writeFileSync(text, 'no certificate')
    const refuses = (tls: object, message: RegExp) =>
      assert.rejects(open(directory.path, ['a.example'], { tls }), {
        code: 'TLS_BAD_CERTIFICATE',
        message,
      })
    await refuses(
      { ...good, certificate: '/no/such.pem' },
      /^tls\.certificate: \/no\/such\.pem cannot be read: it does not exist$/,
    )
    await refuses(
      { ...good, key: directory.path },
      /^tls\.key: .* cannot be read: it is a directory$/,
    )
    await refuses(
      { ...good, certificate: text },
      /^tls\.certificate: .* is not a certificate in PEM$/,
    )
    await refuses({ ...good, key: text }, /^tls\.key: .* is not an unencrypted private key in PEM$/)
    await refuses({ ...good, key: other.key }, /is not the key of the certificate/)
    await refuses({ ...good, clientCa: text }, /^tls\.clientCa: /)
  })
})

describe('certificates of single domains', () => {
  async function put(directory: string, name: string, place: 'pair' | 'folder', names = [name]) {
    using made = await open(join(directory, `of-${name}`), names)
    const domains = join(directory, 'domains')
    mkdirSync(place === 'pair' ? domains : join(domains, name), { recursive: true })
    const [certificate, key] =
      place === 'pair'
        ? [`${name}.crt`, `${name}.key`]
        : [join(name, 'fullchain.pem'), join(name, 'privkey.pem')]
    writeFileSync(join(domains, certificate), made.identity.cert)
    writeFileSync(join(domains, key), made.identity.key)
    return domains
  }

  /** The names in the certificate that a TLS client is shown. */
  async function shownTo(
    certificates: Certificates,
    servername: string,
    listener?: string,
  ): Promise<string> {
    const server = createServer(certificates.serverOptions(listener), (socket) => socket.end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const names = socket.getPeerX509Certificate()?.subjectAltName ?? ''
    socket.destroy()
    server.close()
    return names
  }

  it('are shown to whoever names them, wildcards included, and no other', async () => {
    using directory = temporaryDirectory()
    await put(directory.path, 'a.example', 'pair')
    await put(directory.path, 'wild', 'pair', ['*.b.example'])
    const domains = await put(directory.path, 'c.example', 'folder')
    writeFileSync(join(domains, 'README'), 'of the operator')
    writeFileSync(join(domains, 'alone.crt'), 'no key')
    using certificates = await open(directory.path, ['main.example'], { tls: { domains } })
    assert.match(await shownTo(certificates, 'a.example'), /DNS:a\.example/)
    assert.match(await shownTo(certificates, 'chat.b.example'), /DNS:\*\.b\.example/)
    assert.match(await shownTo(certificates, 'c.example'), /DNS:c\.example/)
    assert.match(await shownTo(certificates, 'main.example'), /DNS:main\.example/)
    assert.match(await shownTo(certificates, 'nobody.example'), /DNS:main\.example/)
  })

  it('come, change and go on disk without a restart', async () => {
    using directory = temporaryDirectory()
    const domains = await put(directory.path, 'a.example', 'pair')
    const clock = new FakeClock(Date.now())
    using certificates = await open(directory.path, ['main.example'], { clock, tls: { domains } })
    const changed = () => new Promise((resolve) => certificates.onChange(resolve))
    assert.match(await shownTo(certificates, 'd.example'), /DNS:main\.example/)
    await put(directory.path, 'd.example', 'folder')
    const came = changed()
    clock.advance(60_000)
    await came
    assert.match(await shownTo(certificates, 'd.example'), /DNS:d\.example/)
    rmSync(join(domains, 'd.example'), { recursive: true })
    const went = changed()
    clock.advance(60_000)
    await went
    assert.match(await shownTo(certificates, 'd.example'), /DNS:main\.example/)
  })

  it('are refused at the start where one is unusable, and kept while the server runs', async () => {
    using directory = temporaryDirectory()
    const domains = await put(directory.path, 'a.example', 'pair')
    using certificates = await open(directory.path, ['main.example'], { tls: { domains } })
    writeFileSync(join(domains, 'a.example.crt'), 'half a certificate')
    await certificates.refresh()
    assert.match(await shownTo(certificates, 'a.example'), /DNS:a\.example/)
    await assert.rejects(open(directory.path, ['main.example'], { tls: { domains } }), {
      code: 'TLS_BAD_CERTIFICATE',
      message: /^tls\.domains: .*a\.example\.crt is not a certificate in PEM$/,
    })
    await assert.rejects(open(directory.path, [], { tls: { domains: '/no/such' } }), {
      message: 'tls.domains: /no/such cannot be read: it does not exist',
    })
  })
})

describe('a certificate of one listener', () => {
  it('is shown there to everybody, and nowhere else; changed without a restart', async () => {
    using directory = temporaryDirectory()
    const certificate = join(directory.path, 'hall.crt')
    const key = join(directory.path, 'hall.key')
    const put = async (name: string) => {
      using elsewhere = temporaryDirectory()
      using made = await open(elsewhere.path, [name])
      writeFileSync(certificate, made.identity.cert)
      writeFileSync(key, made.identity.key)
    }
    await put('hall.example')
    const listeners = [{ name: 'hall', certificate, key }]
    using certificates = await open(directory.path, ['main.example'], { listeners })
    const names = (identity: { cert: string }) => new X509Certificate(identity.cert).subjectAltName
    const { byListener } = certificates.identities
    assert.match(names(certificates.shownBy('hall')) ?? '', /DNS:hall\.example/)
    assert.match(names(certificates.shownBy('other')) ?? '', /DNS:main\.example/)
    assert.notEqual(
      certificates.secureContext('main.example', undefined, 'hall'),
      certificates.secureContext('main.example'),
    )
    await put('yard.example')
    await certificates.refresh()
    assert.match(names(certificates.shownBy('hall')) ?? '', /DNS:yard\.example/)
    assert.notEqual(certificates.identities.byListener, byListener)
  })

  it('is refused at the start where it is unusable', async () => {
    using directory = temporaryDirectory()
    const listeners = [{ name: 'hall', certificate: '/no/such', key: '/no/such' }]
    await assert.rejects(open(directory.path, ['main.example'], { listeners }), {
      code: 'TLS_BAD_CERTIFICATE',
      message: 'listeners: hall: certificate: /no/such cannot be read: it does not exist',
    })
  })
})
