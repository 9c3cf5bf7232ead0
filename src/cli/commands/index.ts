import type { Command } from '../command.ts'
import { accessLevelCommands } from './access-level.ts'
import { aclCommands } from './acl.ts'
import { aclDefaultCommands } from './acl-defaults.ts'
import { contactCommands } from './contact.ts'
import { deviceCommands } from './device.ts'
import { domainCommands } from './domain.ts'
import { fileCommands } from './file.ts'
import { manualAliases } from './manual-aliases.ts'
import { portableCommands } from './portable.ts'
import { presenceCommands } from './presence.ts'
import { requestCommands } from './request.ts'
import { statusCommands } from './status.ts'
import { userCommands } from './user.ts'
import { watcherCommands } from './watchers.ts'

/** In the order of the help. */
export const commands: readonly Command[] = [
  ...statusCommands,
  ...domainCommands,
  ...userCommands,
  ...deviceCommands,
  ...fileCommands,
  ...portableCommands,
  ...contactCommands,
  ...presenceCommands,
  ...aclCommands,
  ...aclDefaultCommands,
  ...accessLevelCommands,
  ...requestCommands,
  ...watcherCommands,
  ...manualAliases,
]
