/** A notifier that serves lists, with everything around it in memory. */
import { type BareJid, bareJid } from '../../../../src/core/address.ts'
import type { ListServices, ServedList } from '../../../../src/core/presence/list-services.ts'
import type { Activity } from '../../../../src/core/presence/observation.ts'
import { renderResourceLists } from '../../../../src/formats/resource-lists.ts'
import {
  type Applications,
  type ListLimits,
  ListService,
} from '../../../../src/sip/events/lists/list-service.ts'
import type { SubscribeService } from '../../../../src/sip/events/subscribe-service.ts'
import { silentLog } from '../../../../src/util/log.ts'
import { readListNotify } from '../../../support/list-notify.ts'
import { type Setup, setUp } from '../notifier-rig.ts'
import { eventDeps, type RequestInit } from '../support.ts'

/** Lists by their URIs. */
export class FakeLists implements ListServices {
  readonly #lists = new Map<string, ServedList>()
  readonly #listeners = new Set<(key: string) => void>()

  put(uri: string, resources: readonly string[], changes: Partial<ServedList> = {}): void {
    const owner = changes.owner
    const listed = resources.map((one) => ({ uri: one }))
    this.#lists.set(uri, { uri, owner, resources: listed, ...changes })
    for (const listener of this.#listeners) listener(uri)
  }

  remove(uri: string): void {
    this.#lists.delete(uri)
    for (const listener of this.#listeners) listener(uri)
  }

  async find(uri: string): Promise<ServedList | undefined> {
    return this.#lists.get(uri)
  }

  onChange(listener: (key: string) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }
}

const ACCEPT = 'multipart/related, application/rlmi+xml, application/pidf+xml'
export const SUPPORTS: [string, string][] = [
  ['Supported', 'eventlist'],
  ['Accept', ACCEPT],
]

export const FRIENDS = 'sip:friends@example.com'

export function userOf(name: string): BareJid {
  const jid = bareJid(name, 'example.com')
  if (!jid) throw new Error(`${name} is no name`)
  return jid
}

/** `services`: of the one before, where this is after a restart. */
export function setUpLists(
  {
    limits = {},
    applications,
    ...setup
  }: Setup & { limits?: Partial<ListLimits>; applications?: Applications } = {},
  lists = new FakeLists(),
) {
  let service: ListService | undefined
  const late: SubscribeService = {
    name: 'lists',
    claim: async (wanted, request) => service?.claim(wanted, request),
    restore: async (wanted) => service?.restore(wanted),
  }
  const { people } = eventDeps()
  // Everybody of example.com is a user but for the lists.
  const resolve: typeof people.resolve = async (uri) =>
    /^sip:(friends|rls)@/.test(uri) ? { kind: 'unknown' } : people.resolve(uri)
  const events = { people: { ...people, resolve }, ...setup.events }
  const rig = setUp({ services: [late], ...setup, events })
  service = new ListService({
    log: silentLog,
    events: rig.events,
    services: lists,
    ...(applications && { applications }),
    limits: { maxMembers: 2_000, maxPerWatcher: 5, maxNotifyBytes: 49_152, ...limits },
  })
  service.start()
  const { userAgent, presence, clock } = rig
  return {
    ...rig,
    lists,
    listen: (init: RequestInit = {}) =>
      rig.subscribe({ uri: FRIENDS, ...init, headers: [...SUPPORTS, ...(init.headers ?? [])] }),
    /** The last NOTIFY. */
    last: () => readListNotify(userAgent.last.request),
    is(name: string, activity: Activity): void {
      presence.report({
        presentity: userOf(name),
        source: 'test',
        observations: [
          {
            ...{ id: 'x', class: 'enterprise-im', basic: 'open', activity, manual: false },
            since: clock.now(),
          },
        ],
        until: undefined,
      })
    },
  }
}

export function bodyOf(...uris: string[]): Pick<RequestInit, 'body' | 'headers'> {
  const members = uris.map((uri) => ({ kind: 'entry' as const, uri }))
  return {
    body: renderResourceLists([{ kind: 'list', members }]),
    headers: [
      ['Require', 'recipient-list-subscribe'],
      ['Content-Type', 'application/resource-lists+xml'],
      ['Content-Disposition', 'recipient-list'],
    ],
  }
}
