/**
 * A certificate of the server's own making: it exists, names every domain and this machine, and has
 * a month left, or a new one is issued by the authority that was made at the first start.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { domainToASCII } from 'node:url'
import { reason } from '../config/sources.ts'
import type { Clock } from '../util/clock.ts'
import type { Log } from '../util/log.ts'
import { OperatorError } from '../util/operator-error.ts'

/** Paths of PEM files, all readable by the server's user only. */
export interface OwnFiles {
  readonly ca: string
  readonly caKey: string
  readonly certificate: string
  readonly key: string
}

const DAY_MS = 86_400_000
const RENEW_BEFORE_MS = 30 * DAY_MS

interface Pair {
  readonly certificate: X509Certificate
  readonly certificatePem: string
  readonly keyPem: string
}

/** Does nothing where all is well. Throws `OperatorError` `DATA_UNWRITABLE`. */
export async function requireOwnCertificate(
  { clock, log }: { clock: Clock; log: Log },
  files: OwnFiles,
  domains: readonly string[],
): Promise<void> {
  const names = wantedNames(domains)
  const deadline = clock.now() + RENEW_BEFORE_MS
  const authority = readPair(files.ca, files.caKey, deadline)
  const server = readPair(files.certificate, files.key, deadline)
  if (authority && server?.certificate.checkIssued(authority.certificate)) {
    if (names.every((name) => hasName(server.certificate, name))) return
  }
  // Making certificates needs a large library that a usual start does without.
  const { makeAuthority, issueCertificate } = await import('./certificate-maker.ts')
  const now = clock.now()
  const issuer = authority ?? (await makeAuthority(now))
  const issued = await issueCertificate(issuer, names, now)
  if (!authority) {
    writeFile(files.caKey, issuer.keyPem)
    writeFile(files.ca, issuer.certificatePem)
  }
  writeFile(files.key, issued.keyPem)
  writeFile(files.certificate, issued.certificatePem)
  log.info({ what: 'tls_certificate_made', names, authority: files.ca })
}

/** This machine's names too, so that a console opened by any of them finds its name. */
function wantedNames(domains: readonly string[]): string[] {
  const host = hostname().toLowerCase()
  const names = [...domains.map(domainToASCII), 'localhost', domainToASCII(host)]
  return [...new Set([...names.filter((name) => name !== '' && isIP(name) === 0), ...LOOPBACK])]
}

const LOOPBACK = ['127.0.0.1', '::1']

function hasName(certificate: X509Certificate, name: string): boolean {
  const found = isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)
  return found !== undefined
}

/** `undefined` where a file is missing or of no use: a crash may have left half of a pair. */
function readPair(certificateFile: string, keyFile: string, deadline: number): Pair | undefined {
  try {
    const certificatePem = readFileSync(certificateFile, 'utf8')
    const keyPem = readFileSync(keyFile, 'utf8')
    const certificate = new X509Certificate(certificatePem)
    if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) return undefined
    if (certificate.validToDate.getTime() < deadline) return undefined
    return { certificate, certificatePem, keyPem }
  } catch {
    return undefined
  }
}

function writeFile(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(`${path}.new`, text, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw new OperatorError('DATA_UNWRITABLE', `${path} cannot be written: ${reason(error)}`, {
      cause: error,
    })
  }
}
