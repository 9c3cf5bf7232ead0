/** Why a file is not taken; each protocol says so in its own words. */
export type UploadRefusal =
  /** The user may not share files. */
  | 'forbidden'
  | 'too-large'
  /** Its type, or what it is for, is not taken. */
  | 'type'
  | 'purpose'
  /** It would have no time to stay. */
  | 'over'
  /** The user has as much as he may have, or had as much as he may have in a day. */
  | 'quota'
  | 'daily'
  /** All have as much as all may have, or the disk is full. */
  | 'full'
  /** Too much at once, of all or of this user. */
  | 'busy'
  | 'busy-user'
  /** The slot is used, or its file is gone. */
  | 'used'
  | 'gone'

export class UploadError extends Error {
  readonly reason: UploadRefusal
  /** When it may be tried again, where that is known. */
  readonly retryAt: number | undefined
  /** Of files, where this one is larger. */
  readonly maxSize: number | undefined

  constructor(
    reason: UploadRefusal,
    message: string,
    { retryAt, maxSize }: { retryAt?: number | undefined; maxSize?: number } = {},
  ) {
    super(message)
    this.name = 'UploadError'
    this.reason = reason
    this.retryAt = retryAt
    this.maxSize = maxSize
  }
}
