/** The body of a request of HTTP polling: `identifier[;key[;new_key]],xml` (XEP-0025 §3). */

export interface PollingRequest {
  readonly id: string
  readonly key: string | undefined
  readonly newKey: string | undefined
  readonly bytes: Buffer
}

/** Where the head ends at the latest. */
const MAX_HEAD = 512
const COMMA = 0x2c
const HEAD = /^([A-Za-z0-9:-]{1,128})(?:;([A-Za-z0-9+/=]{1,128}))?(?:;([A-Za-z0-9+/=]{1,128}))?$/

export function parseRequest(body: Buffer): PollingRequest | undefined {
  const end = body.subarray(0, MAX_HEAD).indexOf(COMMA)
  const [, id, key, newKey] = HEAD.exec(body.subarray(0, Math.max(0, end)).toString('latin1')) ?? []
  return id === undefined ? undefined : { id, key, newKey, bytes: body.subarray(end + 1) }
}
