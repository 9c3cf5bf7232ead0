/** Who may see what of whom. */
import type { Flag } from './columns.ts'

/** Named parts of a person's presence; `All` is in the program and not here. */
export interface AccessLevelsTable {
  name: string
  /** JSON array of source classes. */
  classes: string
  /** All classes but these. */
  inverted: Flag
}

/** One row for each presentity, watcher, level and `enforced`. */
export interface AccessRulesTable {
  /** An account, `@domain` or `*`. */
  presentity: string
  /** `user@host` or another URI, `@domain`, `@*` or `*`. */
  watcher: string
  /** Name of an access level. */
  level: string
  enforced: Flag
  /** `allow`, `block`, `confirm` or `undefined`. */
  action: string
  refuses_messages: Flag
  updated_at: number
}
