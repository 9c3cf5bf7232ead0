/** A secret that this installation makes itself, kept beside the database and not in it. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { reason } from '../config/sources.ts'
import { OperatorError } from '../util/operator-error.ts'

const BYTES = 32
const TEXT = /^[0-9a-f]{64}$/

/** Made where the file is missing or of no use. Throws `OperatorError` `DATA_UNWRITABLE`. */
export function requireSecret(path: string): Buffer {
  const kept = read(path)
  if (TEXT.test(kept)) return Buffer.from(kept, 'hex')
  const made = randomBytes(BYTES)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    // Whole or not at all: a crash leaves no half of it.
    writeFileSync(`${path}.new`, `${made.toString('hex')}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  } catch (error) {
    throw new OperatorError('DATA_UNWRITABLE', `${path} cannot be written: ${reason(error)}`, {
      cause: error,
    })
  }
  return made
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}
