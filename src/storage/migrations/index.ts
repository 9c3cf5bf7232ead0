/** In the order in which they run. The name is what a database remembers: never change one. */
import type { DatabaseKind, Queryable } from '../database.ts'
import { foundation } from './0001-foundation.ts'
import { accessControl } from './0002-access-control.ts'
import { noWatchedIndex } from './0003-no-watched-index.ts'
import { keptMessages } from './0004-kept-messages.ts'
import { personalData } from './0005-personal-data.ts'
import { invitations } from './0006-invitations.ts'
import { uploads } from './0007-uploads.ts'
import { pushServices } from './0008-push.ts'
import { fastTokens } from './0009-fast-tokens.ts'
import { notices } from './0010-notices.ts'
import { xcap } from './0011-xcap.ts'
import { signals } from './0012-signals.ts'
import { gruu } from './0013-gruu.ts'

export interface Migration {
  readonly name: string
  up(db: Queryable, kind: DatabaseKind): Promise<void>
}

export const migrations: readonly Migration[] = [
  { name: '0001-foundation', up: foundation },
  { name: '0002-access-control', up: accessControl },
  { name: '0003-no-watched-index', up: noWatchedIndex },
  { name: '0004-kept-messages', up: keptMessages },
  { name: '0005-personal-data', up: personalData },
  { name: '0006-invitations', up: invitations },
  { name: '0007-uploads', up: uploads },
  { name: '0008-push', up: pushServices },
  { name: '0009-fast-tokens', up: fastTokens },
  { name: '0010-notices', up: notices },
  { name: '0011-xcap', up: xcap },
  { name: '0012-signals', up: signals },
  { name: '0013-gruu', up: gruu },
]
