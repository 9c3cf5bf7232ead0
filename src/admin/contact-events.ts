import type { BareJid } from '../core/address.ts'
import type { ContactEvent } from '../directory/contact-lists.ts'
import { contactBody } from './contact-body.ts'
import type { Services } from './services.ts'

/** Server-sent events `contact`: each change of a user's list, a contact as he is then, or his removal. */
export function showContacts(
  { contacts, directory, log }: Pick<Services, 'contacts' | 'directory' | 'log'>,
  account: BareJid,
  send: (text: string) => void,
): Disposable {
  const show = async ({ contact, after }: ContactEvent): Promise<void> => {
    const body = after?.inRoster
      ? contactBody(await contacts.describe(after))
      : { contact, removed: true }
    send(`event: contact\ndata: ${JSON.stringify(body)}\n\n`)
  }
  // In the order of the changes.
  let shown = Promise.resolve()
  return directory.contacts.onChange((event) => {
    if (event.account !== account || (!event.before?.inRoster && !event.after?.inRoster)) return
    shown = shown
      .then(() => show(event))
      .catch((err: unknown) => log.error({ what: 'api_contact_not_shown', account, err }))
  })
}
