import { accessDecision } from './access.ts'
import { composition } from './composition.ts'
import { messaging } from './messaging.ts'
import type { Operation } from './operation.ts'
import { rendering } from './rendering.ts'
import { sipParser } from './sip-parser.ts'
import { sipStreams } from './sip-streams.ts'
import { xmlSerializer } from './xml-serializer.ts'
import { xmlTokenizer } from './xml-tokenizer.ts'
import { xmppStreams } from './xmpp-streams.ts'

export const OPERATIONS: readonly Operation[] = [
  ...xmlTokenizer,
  ...xmlSerializer,
  ...sipParser,
  ...composition,
  ...rendering,
  ...messaging,
  ...accessDecision,
  ...xmppStreams,
  ...sipStreams,
]
