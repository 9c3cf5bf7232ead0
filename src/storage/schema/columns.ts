/** Column types shared by the tables. Instants are integers: milliseconds since the Unix epoch. */

/** SQLite has no boolean, so neither database uses one. */
export type Flag = 0 | 1

export function flag(value: boolean): Flag {
  return value ? 1 : 0
}
