/** How much each user and all of them may share. What has a slot counts like what is there. */
import type { Change, UploadRecords } from '../../storage/stores/uploads.ts'
import type { Clock } from '../../util/clock.ts'
import { storedBytes, storedFiles } from './metrics.ts'
import type { Bucket } from './purpose.ts'
import type { Reservations } from './reservations.ts'
import type { UploadConfig } from './upload-config.ts'
import { UploadError } from './upload-error.ts'

export const DAY_MS = 86_400_000
/** Slots of one user that he has not used yet. */
const MAX_WAITING_PER_USER = 100
/** Of all users: each takes memory. */
const MAX_WAITING = 50_000
/** Of the files that are looked at to tell when there is room again. */
const MAX_CHANGES = 10_000

export interface QuotaDeps {
  readonly records: UploadRecords
  readonly reservations: Reservations
  readonly clock: Clock
  readonly config: Pick<UploadConfig, 'bytesPerDay' | 'filesPerDay' | 'totalQuota'>
}

export interface Wish {
  readonly account: string
  readonly size: number
  readonly bucket: Bucket
}

export class Quotas {
  readonly #deps: QuotaDeps
  #totalBytes: number
  #files: number

  static async open(deps: QuotaDeps): Promise<Quotas> {
    return new Quotas(deps, await deps.records.total())
  }

  private constructor(deps: QuotaDeps, { files, bytes }: { files: number; bytes: number }) {
    this.#deps = deps
    this.#files = files
    this.#totalBytes = bytes
    this.#show()
  }

  get total(): { readonly files: number; readonly bytes: number } {
    return { files: this.#files, bytes: this.#totalBytes }
  }

  /** A file came, or with a negative size went. */
  count(size: number): void {
    this.#files += Math.sign(size)
    this.#totalBytes += size
    this.#show()
  }

  /** Throws `UploadError` where there is no place for one slot more. */
  requireSlot(account: string): void {
    const { reservations } = this.#deps
    if (reservations.of(account).files >= MAX_WAITING_PER_USER) {
      const retryAt = reservations.firstEnd(account)
      throw new UploadError('busy-user', 'Use the slots that you have first', { retryAt })
    }
    if (reservations.total.files >= MAX_WAITING) {
      throw new UploadError('busy', 'Too many files are expected; try again later')
    }
  }

  /** Takes the room, where there is some. Throws `UploadError` `full`, `quota`, `daily`. */
  async require(wish: Wish, take: () => void): Promise<void> {
    const { records, reservations, clock, config } = this.#deps
    const { account, size, bucket } = wish
    const since = clock.now() - DAY_MS
    const held = await records.held(account, bucket.purposes)
    const came = await records.came(account, since)
    // From here on nothing is awaited: two who look see each other.
    const { totalQuota } = config
    if (totalQuota > 0 && this.#totalBytes + reservations.total.bytes + size > totalQuota) {
      throw new UploadError('full', 'The server has no room for more files')
    }
    const excess =
      held.bytes + reservations.of(account, bucket.purposes).bytes + size - bucket.quota
    if (excess > 0) throw await this.#quotaError(wish, excess)
    const waiting = reservations.of(account)
    const day = {
      files: came.files + waiting.files + 1 - config.filesPerDay,
      bytes: came.bytes + waiting.bytes + size - config.bytesPerDay,
    }
    if (day.files > 0 || day.bytes > 0) throw await this.#dailyError(account, since, day)
    take()
  }

  #show(): void {
    storedFiles.set(this.#files)
    storedBytes.set(this.#totalBytes)
  }

  async #quotaError({ account, bucket }: Wish, excess: number): Promise<UploadError> {
    const limit = MAX_CHANGES
    const { purposes, quota } = bucket
    const changes = await this.#deps.records.departures(account, { purposes, limit })
    const text = `Your files may take ${quota} bytes in all`
    const retryAt = whenOver(changes, { files: 0, bytes: excess })
    return new UploadError('quota', text, { retryAt })
  }

  async #dailyError(
    account: string,
    since: number,
    day: { files: number; bytes: number },
  ): Promise<UploadError> {
    const { records, config } = this.#deps
    const changes = await records.arrivals(account, { since, limit: MAX_CHANGES })
    const at = whenOver(changes, day)
    const text = `You may share ${config.filesPerDay} files and ${config.bytesPerDay} bytes in a day`
    return new UploadError('daily', text, { retryAt: at === undefined ? undefined : at + DAY_MS })
  }
}

/** When so much has gone; `undefined` where it never has. */
function whenOver(
  changes: readonly Change[],
  excess: { files: number; bytes: number },
): number | undefined {
  let { files, bytes } = excess
  for (const { size, at } of changes) {
    files -= 1
    bytes -= size
    if (files <= 0 && bytes <= 0) return at
  }
  return undefined
}
