/** Certificates and their keys in PEM files, checked before anybody is shown them. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { reason } from '../config/sources.ts'
import type { TlsIdentity } from '../net/link.ts'
import { OperatorError } from '../util/operator-error.ts'

export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
  /** Whose it is alone. */
  readonly listener?: string
  /** For complaints: the options that name the files. */
  readonly options: { readonly certificate: string; readonly key: string }
}

/** Throws `OperatorError` `TLS_BAD_CERTIFICATE`, naming the file and what is wrong with it. */
export function readIdentity(
  { certificate, key, options }: CertificateFiles,
  minVersion: TlsIdentity['minVersion'],
): TlsIdentity {
  const identity: TlsIdentity = {
    cert: readPem(options.certificate, certificate),
    key: readPem(options.key, key),
    minVersion,
  }
  const leaf = attempt(
    `${options.certificate}: ${certificate} is not a certificate in PEM`,
    () => new X509Certificate(identity.cert),
  )
  const secret = attempt(`${options.key}: ${key} is not an unencrypted private key in PEM`, () =>
    createPrivateKey(identity.key),
  )
  if (!leaf.checkPrivateKey(secret)) {
    throw bad(`${options.key}: ${key} is not the key of the certificate ${certificate}`)
  }
  attempt(`${options.certificate}: ${certificate} cannot be used`, () =>
    createSecureContext(identity),
  )
  return identity
}

const DOMAINS = { certificate: 'tls.domains', key: 'tls.domains' }

/**
 * Pairs of a directory: `NAME.crt` with `NAME.key`, and folders with `fullchain.pem` and `privkey.pem` as ACME clients
 * write them. A certificate without a key is somebody else's. Throws `TLS_BAD_CERTIFICATE` where it cannot be read.
 */
export function pairsIn(directory: string): CertificateFiles[] {
  const entries = attempt(`tls.domains: ${directory} cannot be read`, () =>
    readdirSync(directory).sort(),
  )
  return entries
    .map((entry) => {
      const path = join(directory, entry)
      if (!entry.endsWith('.crt')) return [join(path, 'fullchain.pem'), join(path, 'privkey.pem')]
      return [path, join(directory, `${basename(entry, '.crt')}.key`)]
    })
    .filter((paths) => paths.every((path) => statSync(path, { throwIfNoEntry: false })?.isFile()))
    .map(([certificate = '', key = '']) => ({ certificate, key, options: DOMAINS }))
}

/** Changes when a file does. */
export function fingerprintOf(files: readonly CertificateFiles[]): string {
  return files
    .flatMap(({ certificate, key }) => [certificate, key])
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path, { throwIfNoEntry: false }) ?? {}
      return `${path} ${mtimeMs} ${size} ${ino}`
    })
    .join('\n')
}

export function readPem(option: string, path: string): string {
  return attempt(`${option}: ${path} cannot be read`, () => readFileSync(path, 'utf8'))
}

/** Throws `TLS_BAD_CERTIFICATE` with the complaint and why, where it fails. */
export function attempt<T>(complaint: string, run: () => T): T {
  try {
    return run()
  } catch (error) {
    const isSystems = error instanceof Error && 'syscall' in error
    throw bad(isSystems ? `${complaint}: ${reason(error)}` : complaint, error)
  }
}

function bad(message: string, cause?: unknown): OperatorError {
  return new OperatorError('TLS_BAD_CERTIFICATE', message, { cause })
}
