import { type Static, Type } from 'typebox'
import type { Contact } from '../core/presence/contact.ts'
import { SUBSCRIPTIONS, sees } from '../core/presence/roster-item.ts'

export const ContactBody = Type.Object({
  contact: Type.String({
    description: 'His account; where he is nobody’s user, how the list has him.',
  }),
  name: Type.String(),
  groups: Type.Array(Type.String()),
  matched: Type.Boolean({
    description: 'He is a user of this system; others have neither presence nor messages.',
  }),
  external: Type.Boolean({ description: 'At a domain that is not of this system.' }),
  presence: Type.Enum(['subscribed', 'pending', 'none'], {
    description:
      'Whether the user sees him; pending: he, or somebody with his address, is waited for.',
  }),
  subscription: Type.Enum([...SUBSCRIPTIONS], { description: 'RFC 6121 §2.1.2.5, both ways.' }),
  waitsFor: Type.Optional(
    Type.String({ description: 'The address by which he is matched when a user gets it.' }),
  ),
})

export type ContactBody = Static<typeof ContactBody>

export function contactBody({ item, matched, external }: Contact): ContactBody {
  const { contact, name, groups, subscription, pendingOut, awaits } = item
  return {
    contact,
    name,
    groups: [...groups],
    matched,
    external,
    presence: sees(item) ? 'subscribed' : pendingOut ? 'pending' : 'none',
    subscription,
    ...(awaits !== undefined && { waitsFor: awaits }),
  }
}
