import type { Topic } from '../topic.ts'
import { commands } from './commands.ts'
import { components, registration } from './components.ts'
import { discovery, errors } from './errors.ts'
import { messages } from './messages.ts'
import { ping } from './ping.ts'
import { presence, subscriptions } from './presence.ts'
import { roster } from './roster.ts'
import { blocking, carbons, queries } from './services.ts'
import { management, signIn, streams } from './streams.ts'
import { bosh, websocket } from './web.ts'

/** In the order in which they run. */
export const TOPICS: readonly Topic[] = [
  ping,
  discovery,
  errors,
  roster,
  subscriptions,
  presence,
  messages,
  blocking,
  carbons,
  management,
  queries,
  streams,
  signIn,
  components,
  registration,
  commands,
  bosh,
  websocket,
]
