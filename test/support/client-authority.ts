/** An authority for certificates of clients, made with openssl as operators make theirs. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface ClientNames {
  /** id-on-xmppAddr (RFC 6120 §13.7.1.4). */
  xmpp?: readonly string[]
  email?: readonly string[]
  /** `someone` where not given. */
  commonName?: string
  /** From now on; 1 where not given. */
  days?: number
  /** `clientAuth` where not given. */
  usage?: string
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc']

export class ClientAuthority implements Disposable {
  readonly #directory = mkdtempSync(join(tmpdir(), 'heliograph-ca-'))
  /** PEM. */
  readonly certificate: string
  #issued = 0

  constructor(name = 'Test clients') {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
    const files = ['-keyout', this.#path('ca.key'), '-out', this.#path('ca.pem')]
    openssl('req', '-x509', ...KEY, '-days', '2', ...subject, ...files)
    this.certificate = this.#read('ca.pem')
  }

  /** A certificate with its key, both PEM. */
  issue({ xmpp = [], email = [], ...names }: ClientNames): { cert: string; key: string } {
    const { commonName = 'someone', days = 1, usage = 'clientAuth' } = names
    this.#issued += 1
    const id = `client-${this.#issued}`
    const alternatives = [
      ...xmpp.map((jid, at) => `otherName.${at}=1.3.6.1.5.5.7.8.5;FORMAT:UTF8,UTF8:${jid}`),
      ...email.map((address, at) => `email.${at}=${address}`),
    ]
    const extensions = [
      '[client]',
      'basicConstraints=CA:FALSE',
      `extendedKeyUsage=${usage}`,
      ...(alternatives.length > 0 ? ['subjectAltName=@names', '[names]', ...alternatives] : []),
    ]
    writeFileSync(this.#path(`${id}.cnf`), `${extensions.join('\n')}\n`)
    const request = ['-keyout', this.#path(`${id}.key`), '-out', this.#path(`${id}.csr`)]
    openssl('req', '-new', ...KEY, '-subj', `/CN=${commonName}`, ...request)
    const issuer = ['-CA', this.#path('ca.pem'), '-CAkey', this.#path('ca.key')]
    const config = ['-extfile', this.#path(`${id}.cnf`), '-extensions', 'client']
    const files = ['-in', this.#path(`${id}.csr`), '-out', this.#path(`${id}.pem`)]
    openssl('x509', '-req', ...issuer, '-days', String(days), ...config, ...files)
    return { cert: this.#read(`${id}.pem`), key: this.#read(`${id}.key`) }
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #path(file: string): string {
    return join(this.#directory, file)
  }

  #read(file: string): string {
    return readFileSync(this.#path(file), 'utf8')
  }
}

function openssl(...args: string[]): void {
  const { status, stderr, error } = spawnSync('openssl', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${error ?? stderr}`)
}
