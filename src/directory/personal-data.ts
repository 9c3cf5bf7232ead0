/** What users keep with the server for others or for their own clients: vCards (XEP-0054), private XML (XEP-0049). */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { PersonalDataRows } from '../storage/stores/personal-data.ts'
import { findUser, updateUser } from '../storage/stores/users.ts'
import type { Log } from '../util/log.ts'
import { DirectoryError, noSuchUser } from './errors.ts'
import { Signal } from './signal.ts'

export interface PersonalDataLimits {
  /** Pieces of private XML of one user, and bytes of all of them together. */
  readonly maxPieces: number
  readonly maxBytes: number
}

export interface Vcard {
  readonly xml: string
  /** SHA-1 of the picture in it, in hexadecimal. */
  readonly avatar?: string | undefined
}

interface PersonalDataDeps {
  readonly database: Database
  readonly log: Log
  /** What is known of this user holds no longer. */
  userChanged(account: BareJid): void
}

export class PersonalData {
  readonly #database: Database
  readonly #userChanged: (account: BareJid) => void
  readonly #avatarChanged: Signal<BareJid>

  constructor({ database, log, userChanged }: PersonalDataDeps) {
    this.#database = database
    this.#userChanged = userChanged
    this.#avatarChanged = new Signal('avatar-changed', log)
  }

  /** Somebody's vCard has another picture, or none any more. */
  onAvatarChanged(listener: (account: BareJid) => void): Disposable {
    return this.#avatarChanged.listen(listener)
  }

  vcard(account: BareJid): Promise<string | undefined> {
    return this.#rows.get({ account, kind: 'vcard', name: '' })
  }

  /** Rejects with `DirectoryError` `NO_SUCH_USER`. */
  async putVcard(account: BareJid, vcard: Vcard): Promise<void> {
    const avatar = vcard.avatar ?? null
    const before = await this.#database.transaction(async (trx) => {
      const user = await findUser(trx, account)
      if (!user) throw noSuchUser(account)
      if (user.avatar !== avatar) await updateUser(trx, account, { avatar })
      await new PersonalDataRows(trx).put({ account, kind: 'vcard', name: '' }, vcard.xml)
      return user.avatar
    })
    if (before === avatar) return
    this.#userChanged(account)
    this.#avatarChanged.emit(account)
  }

  private(account: BareJid, name: string): Promise<string | undefined> {
    return this.#rows.get({ account, kind: 'private', name })
  }

  /** All pieces, in order of their names. */
  async allPrivate(account: BareJid): Promise<string[]> {
    return this.#rows.all({ account, kind: 'private' })
  }

  /** `undefined` removes it. Rejects with `DirectoryError` `TOO_MUCH_DATA`, and then nothing has changed. */
  putPrivate(
    account: BareJid,
    pieces: ReadonlyMap<string, string | undefined>,
    { maxPieces, maxBytes }: PersonalDataLimits,
  ): Promise<void> {
    return this.#database.transaction(async (trx) => {
      const rows = new PersonalDataRows(trx)
      for (const [name, xml] of pieces) {
        const key = { account, kind: 'private', name } as const
        if (xml === undefined) {
          await rows.remove(key)
          continue
        }
        const others = await rows.others(key)
        if (others.count >= maxPieces || others.bytes + Buffer.byteLength(xml) > maxBytes) {
          throw new DirectoryError('TOO_MUCH_DATA', 'there is no room for more')
        }
        await rows.put(key, xml)
      }
    })
  }

  get #rows(): PersonalDataRows {
    return new PersonalDataRows(this.#database.kysely)
  }
}
