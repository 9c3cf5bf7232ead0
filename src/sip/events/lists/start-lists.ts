/** Puts the resource list server together: contact lists, and whatever other lists there are. */
import type { Config } from '../../../config/schema.ts'
import type { ListServices } from '../../../core/presence/list-services.ts'
import type { Log } from '../../../util/log.ts'
import type { SipUserAgent } from '../../user-agent.ts'
import type { EventDeps, People } from '../event-package.ts'
import { allLists } from './all-lists.ts'
import { ContactListServices, type ContactListSource } from './contact-list-services.ts'
import { type Applications, EVENTLIST, ListService } from './list-service.ts'
import { RECIPIENT_LIST_SUBSCRIBE, recipientList } from './recipient-list.ts'

export interface ListsDeps {
  readonly log: Log
  readonly directory: People & { readonly contacts: ContactListSource }
  /** Besides contact lists. */
  readonly lists?: readonly ListServices[] | undefined
  readonly applications: Applications
}

export function startLists(
  { sip: { lists } }: { readonly sip: Pick<Config['sip'], 'lists'> },
  deps: ListsDeps & { readonly events: EventDeps },
  { userAgent, starting }: { userAgent: SipUserAgent; starting: AsyncDisposableStack },
): ListService {
  const { log, events, directory, applications } = deps
  const { contacts } = directory
  const ofContacts = new ContactListServices({ contacts, people: directory, name: lists.contacts })
  const services = allLists([ofContacts, ...(deps.lists ?? [])])
  const service = new ListService({ log, events, services, limits: lists, applications })
  starting.use(service.start())
  userAgent.contribute({
    supported: [EVENTLIST, RECIPIENT_LIST_SUBSCRIBE],
    accept: [recipientList.contentType],
  })
  return service
}
