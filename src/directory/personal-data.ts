/** What users keep with the server for others or for their own clients: vCards (XEP-0054), private XML (XEP-0049). */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import { PersonalDataRows } from '../storage/stores/personal-data.ts'
import { DirectoryError } from './errors.ts'

export interface PersonalDataLimits {
  /** Pieces of private XML of one user, and characters of all of them together. */
  readonly maxPieces: number
  readonly maxCharacters: number
}

export class PersonalData {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  vcard(account: BareJid): Promise<string | undefined> {
    return this.#rows.get({ account, kind: 'vcard', name: '' })
  }

  /** Rejects with the database's error where the account does not exist. */
  putVcard(account: BareJid, xml: string): Promise<void> {
    return this.#rows.put({ account, kind: 'vcard', name: '' }, xml)
  }

  private(account: BareJid, name: string): Promise<string | undefined> {
    return this.#rows.get({ account, kind: 'private', name })
  }

  /** `undefined` removes it. Rejects with `DirectoryError` `TOO_MUCH_DATA`, and then nothing has changed. */
  putPrivate(
    account: BareJid,
    pieces: ReadonlyMap<string, string | undefined>,
    { maxPieces, maxCharacters }: PersonalDataLimits,
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
        if (others.count >= maxPieces || others.length + xml.length > maxCharacters) {
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
