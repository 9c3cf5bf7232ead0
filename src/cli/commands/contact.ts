/** `heliograph contact …`: a user's contact list, as his XMPP clients have it. */
import { path, query } from '../api-client.ts'
import { type Command, defineCommand, table } from '../command.ts'
import type { ContactPutReply, ContactReply, ContactsReply } from '../replies.ts'

const USER = { name: 'user', doc: 'Any address of the user whose list it is.' } as const
const CONTACT = {
  name: 'contact',
  doc: 'Any address of the contact: account, handle, E.164 or private number, URI.',
} as const
const PAGE = 1000

const list = defineCommand({
  path: ['contact', 'list'],
  summary: 'List a user’s contacts',
  args: [USER],
  options: {},
  example: 'heliograph contact list alice@example.com',
  async run({ api, args }) {
    const contacts: ContactReply[] = []
    let account = args.user
    for (;;) {
      const page = query({ after: contacts.at(-1)?.contact, limit: PAGE })
      const target = path`/api/v1/users/${args.user}/contacts` + page
      const reply = (await api.call({ method: 'GET', path: target })) as ContactsReply
      account = reply.account
      contacts.push(...reply.contacts)
      if (reply.contacts.length < PAGE) break
    }
    return { json: { account, contacts }, text: table(contacts.map(listed)) }
  },
})

function listed(contact: ContactReply): string[] {
  const { name, groups, presence } = contact
  return [contact.contact, presence, whoIs(contact), name, groups.join(', ')]
}

function whoIs({ matched, external }: ContactReply): string {
  if (matched) return 'user'
  return external ? 'external' : 'unmatched'
}

const add = defineCommand({
  path: ['contact', 'add'],
  summary: 'Add or change a contact; the subscription follows',
  args: [USER, CONTACT],
  options: {
    name: { value: 'NAME', doc: 'What the user calls him.' },
    group: { value: 'GROUP', doc: 'The group he is in; instead of those he was in.' },
    'no-presence': { doc: 'Keep him without seeing his presence, or see it no more.' },
  },
  example: 'heliograph contact add alice@example.com +15551234567 --name "Bob Example"',
  async run({ api, args, options, switches }) {
    const { name, group } = options
    const body = {
      ...(name !== undefined && { name }),
      ...(group !== undefined && { groups: [group] }),
      presence: !switches.has('no-presence'),
    }
    const target = path`/api/v1/users/${args.user}/contacts/${args.contact}`
    const reply = (await api.call({ method: 'PUT', path: target, body })) as ContactPutReply
    const { contact, presence } = reply.contact
    const text = `${DONE[reply.outcome]} ${contact}: ${whoIs(reply.contact)}, presence ${presence}`
    return { json: reply, text }
  },
})

const DONE = { created: 'added', changed: 'changed', same: 'unchanged' } as const

const remove = defineCommand({
  path: ['contact', 'remove'],
  summary: 'Take a contact off the list; the two see each other no more',
  args: [USER, CONTACT],
  options: {},
  example: 'heliograph contact remove alice@example.com bob@example.com',
  async run({ api, args }) {
    const { user, contact } = args
    await api.call({ method: 'DELETE', path: path`/api/v1/users/${user}/contacts/${contact}` })
    return { json: { done: 'removed', target: contact }, text: `removed: ${contact}` }
  },
})

export const contactCommands: readonly Command[] = [list, add, remove]
