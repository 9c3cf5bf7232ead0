/** The files that users share (XEP-0363): who gets a slot, what comes of it, and how long it stays. */
import type { FileHandle } from 'node:fs/promises'
import { type BareJid, domainOf } from '../../core/address.ts'
import type { Directory } from '../../directory/directory.ts'
import type {
  StoredUpload,
  UploadPage,
  UploadRecord,
  UploadRecords,
} from '../../storage/stores/uploads.ts'
import type { Clock } from '../../util/clock.ts'
import type { Log } from '../../util/log.ts'
import { Cleaning } from './cleaning.ts'
import { percentEncoded, safeFileName } from './file-name.ts'
import type { FileStore } from './file-store.ts'
import { essenceOf, isOneOf, OCTETS } from './media-type.ts'
import { removed, sizes } from './metrics.ts'
import { Places } from './places.ts'
import { type Bucket, bucketOf, type Purpose } from './purpose.ts'
import { Quotas } from './quotas.ts'
import { Reservations } from './reservations.ts'
import type { Slot, SlotUrls } from './slot-urls.ts'
import { traceOf } from './trace.ts'
import type { UploadConfig } from './upload-config.ts'
import { UploadError } from './upload-error.ts'

export interface UploadsDeps {
  readonly clock: Clock
  readonly log: Log
  readonly directory: Pick<Directory, 'user' | 'isLocal' | 'onUserRemoved'>
  readonly records: UploadRecords
  readonly files: FileStore
  readonly urls: SlotUrls
  readonly config: UploadConfig
  /** Where files of this domain's users are found; without a slash at its end. */
  readonly baseUrl: (domain: string) => string
}

/** What a client wants to upload. */
export interface SlotRequest {
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly contentType: string | undefined
  readonly purpose: Purpose
  readonly keepUntil: number | undefined
}

export interface SlotLinks {
  readonly put: string
  readonly get: string
}

export class Uploads implements AsyncDisposable {
  readonly config: UploadConfig
  readonly downloads: Places
  readonly #deps: UploadsDeps
  readonly #quotas: Quotas
  readonly #reservations: Reservations
  readonly #cleaning: Cleaning
  readonly #places: Places
  readonly #watching: Disposable
  readonly #arriving = new Set<Promise<void>>()

  /** Removes what a crash left half done. */
  static async open(deps: UploadsDeps): Promise<Uploads> {
    const { records, files } = deps
    for (const id of await records.arriving()) {
      await files.remove(id)
      await records.discard(id)
    }
    const reservations = new Reservations(deps.clock)
    return new Uploads(deps, reservations, await Quotas.open({ ...deps, reservations }))
  }

  private constructor(deps: UploadsDeps, reservations: Reservations, quotas: Quotas) {
    const { config } = deps
    this.config = config
    this.#deps = deps
    this.#reservations = reservations
    this.#quotas = quotas
    this.#places = new Places({ max: config.maxUploads, maxOfOne: config.maxUploadsPerUser })
    this.downloads = new Places({
      max: config.maxDownloads,
      maxOfOne: config.maxDownloadsPerAddress,
    })
    this.#cleaning = new Cleaning({ ...deps, quotas })
    this.#watching = deps.directory.onUserRemoved(() => void this.#cleaning.run())
    void this.#cleaning.run()
  }

  /** All files, and those that arrive. */
  get total(): { readonly files: number; readonly bytes: number } {
    return this.#quotas.total
  }

  /** Whether users of this domain may share files. */
  serves(domain: string): boolean {
    const { domains } = this.config
    if (!this.#deps.directory.isLocal(domain)) return false
    return domains.length === 0 || domains.includes(domain)
  }

  /** Throws `UploadError`. */
  async slot(account: BareJid, request: SlotRequest): Promise<SlotLinks> {
    const { clock, urls } = this.#deps
    const bucket = this.#requireTaken(request)
    await this.#requireUser(account)
    this.#quotas.requireSlot(account)
    const slot: Slot = {
      ...request,
      id: urls.newId(),
      account,
      name: safeFileName(request.name),
      until: clock.now() + this.config.slotTimeout,
    }
    const wish = { account, size: slot.size, bucket }
    await this.#quotas.require(wish, () => this.#reservations.add(slot))
    const get = this.linkTo(slot)
    return { get, put: `${get}?slot=${urls.token(slot)}` }
  }

  linkTo({ id, account, name }: Pick<UploadRecord, 'id' | 'account' | 'name'>): string {
    return `${this.#deps.baseUrl(domainOf(account as BareJid))}/${id}/${percentEncoded(name)}`
  }

  /** The slot that leave was given for; `undefined` where none was. */
  parseSlot(id: string, token: string): Slot | undefined {
    return this.#deps.urls.slot(id, token)
  }

  /**
   * Resolves when the file can be had. Throws `UploadError`, `WrongLength`, and what `body` throws; the slot may
   * then be used again.
   */
  async receive(
    slot: Slot,
    {
      contentType = OCTETS,
      body,
    }: { contentType?: string | undefined; body: AsyncIterable<Uint8Array> },
  ): Promise<void> {
    const place = this.#places.take(slot.account)
    if (place === 'one') throw new UploadError('busy-user', 'You upload too many files at once')
    if (place === 'all') throw new UploadError('busy', 'Too many files are uploaded at once')
    const receiving = this.#receive(slot, contentType, body)
    const settled = receiving.catch(() => undefined)
    this.#arriving.add(settled)
    try {
      await receiving
    } finally {
      place[Symbol.dispose]()
      this.#arriving.delete(settled)
    }
    sizes.observe(slot.size)
    this.#deps.log.info({ what: 'upload_stored', account: slot.account, bytes: slot.size })
  }

  /** `gone` for one that was there. Whatever is asked for, only names that we made are looked for. */
  async find(id: string): Promise<StoredUpload | 'gone' | undefined> {
    const { urls, records, clock } = this.#deps
    const upload = urls.isId(id) ? await records.get(id) : undefined
    if (!upload || upload.state === 'arriving') return undefined
    const { state, expiresAt = Number.POSITIVE_INFINITY } = upload
    return state === 'removed' || expiresAt <= clock.now() ? 'gone' : upload
  }

  /** To be closed by the caller; `undefined` where the file is lost. */
  async read({ id, size }: StoredUpload): Promise<FileHandle | undefined> {
    const file = await this.#deps.files.read(id, size)
    if (!file) this.#deps.log.error({ what: 'upload_lost', bytes: size })
    return file
  }

  /** Those of a user, in order of arrival. */
  list(account: BareJid, page: UploadPage): Promise<UploadRecord[]> {
    return this.#deps.records.list(account, page)
  }

  /** False where the user has no such file. */
  async remove(account: BareJid, id: string): Promise<boolean> {
    const { records, files } = this.#deps
    const upload = await records.get(id)
    if (upload?.account !== account || upload.state !== 'stored') return false
    await files.remove(id)
    if (!(await records.removed(id))) return false
    this.#quotas.count(-upload.size)
    removed.inc({ cause: 'admin' })
    return true
  }

  /** Removes what is over; for tests and those who do not want to wait. */
  clean(): Promise<void> {
    return this.#cleaning.run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching[Symbol.dispose]()
    await Promise.all(this.#arriving)
    await this.#cleaning[Symbol.asyncDispose]()
  }

  #requireTaken({ size, contentType = OCTETS, purpose, keepUntil }: SlotRequest): Bucket {
    const bucket = this.#requireBucket(purpose)
    const { maxSize } = bucket
    if (size > maxSize) {
      const text = `File too large. The maximum file size is ${maxSize} bytes`
      throw new UploadError('too-large', text, { maxSize })
    }
    this.requireType(contentType)
    this.#requireTime(keepUntil)
    return bucket
  }

  /** Throws `UploadError` `type`. */
  requireType(contentType: string): void {
    const { types } = this.config
    if (types.length === 0 || isOneOf(essenceOf(contentType), types)) return
    throw new UploadError(
      'type',
      `Files of this type are not taken; those that are: ${types.join(', ')}`,
    )
  }

  #requireBucket(purpose: Purpose): Bucket {
    const bucket = bucketOf(this.config, purpose)
    if (!bucket)
      throw new UploadError('purpose', `Files for this purpose (${purpose}) are not taken`)
    return bucket
  }

  #requireTime(keepUntil: number | undefined): void {
    if (keepUntil === undefined || keepUntil > this.#deps.clock.now()) return
    throw new UploadError('over', 'The time until which the file may stay is over')
  }

  async #requireUser(account: BareJid): Promise<void> {
    const user = this.serves(domainOf(account))
      ? await this.#deps.directory.user(account)
      : undefined
    if (!user || user.disabled) throw new UploadError('forbidden', 'You may not share files here')
  }

  async #receive(slot: Slot, contentType: string, body: AsyncIterable<Uint8Array>): Promise<void> {
    const { files, records, log } = this.#deps
    await this.#begin(slot, contentType)
    try {
      await files.write(slot.id, slot.size, body)
      if (!(await records.finish(slot.id))) throw new UploadError('forbidden', 'The user is gone')
    } catch (error) {
      await files.remove(slot.id).catch((err: unknown) => {
        log.error({ what: 'upload_not_removed', ...traceOf(err) })
      })
      await records.discard(slot.id)
      this.#quotas.count(-slot.size)
      throw error
    }
  }

  /** What was true when the slot was given may be no longer. */
  async #begin(slot: Slot, contentType: string): Promise<void> {
    const { clock, records } = this.#deps
    const { id, account, size, purpose } = slot
    if (slot.until <= clock.now()) throw new UploadError('gone', 'The time of the slot is over')
    const known = await records.get(id)
    if (known?.state === 'removed') throw new UploadError('gone', 'The file has been removed')
    if (known) throw new UploadError('used', 'The slot has been used')
    this.#requireTime(slot.keepUntil)
    await this.#requireUser(account as BareJid)
    const bucket = this.#requireBucket(purpose)
    this.#reservations.remove(id)
    await this.#quotas.require({ account, size, bucket }, () => this.#reservations.add(slot))
    try {
      if (!(await records.add(this.#recordOf(slot, contentType, bucket)))) {
        throw new UploadError('used', 'The slot has been used')
      }
      this.#quotas.count(size)
    } finally {
      this.#reservations.remove(id)
    }
  }

  #recordOf(slot: Slot, contentType: string, { keepMs }: Bucket): UploadRecord {
    const { id, account, name, size, purpose, keepUntil } = slot
    const createdAt = this.#deps.clock.now()
    const ends = [keepUntil, keepMs === undefined ? undefined : createdAt + keepMs]
    const expiresAt = Math.min(...ends.map((end) => end ?? Number.POSITIVE_INFINITY))
    return {
      id,
      account,
      name,
      contentType,
      size,
      purpose,
      createdAt,
      expiresAt: Number.isFinite(expiresAt) ? expiresAt : undefined,
    }
  }
}
