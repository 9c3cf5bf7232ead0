import { type Static, Type } from 'typebox'
import { DECISIONS, ReasonBody } from './access-schemas.ts'
import { Class, Instant, PresenceBody, State } from './schemas.ts'

export const WatchBody = Type.Object({
  presentity: Type.String(),
  watcher: Type.String(),
  protocol: Type.Enum(['xmpp', 'sip', 'api']),
  status: Type.Enum(['active', 'pending']),
  subscriptions: Type.Integer({ description: 'Dialogs, or devices that are told.' }),
  roster: Type.Boolean({ description: 'By a contact list.' }),
})

const WatcherView = Type.Object({
  ...WatchBody.properties,
  decision: Type.Enum([...DECISIONS]),
  visible: Type.Enum(['all', 'some', 'none']),
  hidden: Type.Array(ReasonBody, { description: 'What he does not see, and why not.' }),
})

export const ExplainBody = Type.Object({
  presence: PresenceBody,
  /** What he knows himself to be: `appear-offline` where everybody is shown `offline`. */
  state: State,
  rule: Type.String(),
  ruleText: Type.String(),
  winner: Type.Optional(Type.Object({ source: Type.String(), observation: Type.String() })),
  reports: Type.Array(
    Type.Object({
      source: Type.String(),
      held: Type.Optional(
        Type.Boolean({ description: 'Its last word, that he is free, is held back for a moment.' }),
      ),
      until: Type.Optional(Instant),
      observations: Type.Array(
        Type.Object({
          id: Type.String(),
          class: Class,
          state: State,
          manual: Type.Boolean(),
          note: Type.Optional(Type.String()),
          location: Type.Optional(Type.String()),
          since: Instant,
        }),
      ),
    }),
  ),
  watchers: Type.Array(WatcherView, { description: 'Who watches now; the first hundred.' }),
  watchersTotal: Type.Integer(),
})
export type ExplainBody = Static<typeof ExplainBody>
