import type { Command } from '../command.ts'
import { domainCommands } from './domain.ts'
import { presenceCommands } from './presence.ts'
import { statusCommands } from './status.ts'
import { userCommands } from './user.ts'

/** In the order of the help. */
export const commands: readonly Command[] = [
  ...statusCommands,
  ...domainCommands,
  ...userCommands,
  ...presenceCommands,
]
