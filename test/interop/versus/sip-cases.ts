/** What Kamailio and Heliograph are asked with the same scenarios, and where they differ. */
import { fillFor, REFUSED } from '../sip-answers.ts'
import type { ScenarioOptions, SipSubject } from './sip-rig.ts'

export interface SipCase {
  readonly title: string
  readonly specs: string
  /** `passes`, or what came instead. */
  readonly run: (subject: SipSubject) => Promise<string>
  readonly difference?: {
    readonly theirs: string
    readonly ours: string
    readonly why: string
  }
}

/** One SIPp, one scenario. */
function alone(options: ScenarioOptions): SipCase['run'] {
  return (subject) => subject.outcome(options)
}

interface Told {
  readonly event: string
  readonly type: string
  /** What the first NOTIFY says, and the one after the change. */
  readonly first: string
  readonly changed: string
  readonly body: string
  readonly watcher?: string
}

/** One watches, another publishes, and the first is told. */
function told({ event, type, first, changed, body, watcher = 'bob' }: Told): SipCase['run'] {
  return async (subject) => {
    const fill = { EVENT: event, ACCEPT: type, FIRST: first, CHANGED: changed }
    const watch = await subject.start({ scenario: 'watch', user: watcher, fill })
    const isReady = await watch.saw(/Subscription-State: active/).then(
      () => true,
      () => false,
    )
    if (!isReady) return watch.outcome()
    const published = await subject.outcome({
      ...{ scenario: 'publish-once', user: 'alice' },
      fill: { EVENT: event, TYPE: type, BODY: body },
    })
    return published === 'passes' ? watch.outcome() : `PUBLISH: ${published}`
  }
}

const PIDF = `<?xml version="1.0" encoding="UTF-8"?>
      <presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com">
      <tuple id="desk"><status><basic>open</basic></status></tuple>
      <dm:person id="me"><rpid:activities><rpid:on-the-phone/></rpid:activities></dm:person>
      </presence>`

const DIALOG_INFO = `<?xml version="1.0" encoding="UTF-8"?>
      <dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" entity="sip:alice@example.com">
      <dialog id="call-1" direction="recipient"><state>confirmed</state></dialog>
      </dialog-info>`

const SUMMARY = `Messages-Waiting: yes
      Message-Account: sip:alice@example.com
      Voice-Message: 2/8 (0/2)`

const LIVES: readonly SipCase[] = [
  {
    title: 'a publication is made, refreshed, modified and removed',
    specs: 'RFC 3903 §4',
    run: alone({ scenario: 'publish-life', user: 'carol', to: 'carol' }),
  },
  {
    title: 'the same over TCP',
    specs: 'RFC 3903 §4',
    run: alone({ scenario: 'publish-life', user: 'carol', to: 'carol', transport: 'tcp' }),
  },
  {
    title: 'a subscription is made, refreshed, not by an older CSeq, and ended',
    specs: 'RFC 6665 §4.2.1, RFC 3261 §12.2.2',
    run: alone({ scenario: 'subscribe-life', to: 'carol' }),
    difference: { theirs: '400 instead of 500', ours: 'passes', why: 'RFC 3261 §12.2.2' },
  },
  {
    title: 'somebody looks once',
    specs: 'RFC 6665 §4.4.3',
    run: alone({ scenario: 'fetch' }),
  },
  {
    title: 'a NOTIFY that is answered 481 ends the subscription',
    specs: 'RFC 6665 §4.2.2',
    run: alone({ scenario: 'notify-481' }),
  },
  {
    title: 'a NOTIFY that is answered 503 with Retry-After is sent again',
    specs: 'RFC 6665 §4.2.2, RFC 3261 §21.5.4',
    run: alone({ scenario: 'notify-503' }),
    difference: { theirs: 'no answer', ours: 'passes', why: 'RFC 6665 §4.2.2' },
  },
]

const PACKAGES: readonly SipCase[] = [
  {
    title: '`presence`: a watcher is told of a publication',
    specs: 'RFC 3856, RFC 3863, RFC 4480',
    run: told({
      event: 'presence',
      type: 'application/pidf+xml',
      first: 'NOTIFY',
      changed: 'on-the-phone',
      body: PIDF,
    }),
  },
  {
    title: '`presence.winfo`: she sees who watches her',
    specs: 'RFC 3857, RFC 3858',
    async run(subject) {
      const watch = await subject.start({ scenario: 'watch', user: 'carol', fill: WATCHING })
      await watch.saw(/Subscription-State: active/).catch(() => undefined)
      const fill = {
        EVENT: 'presence.winfo',
        ACCEPT: 'application/watcherinfo+xml',
        MORE: 'Subject: x',
        SAYS: 'carol@example.com',
      }
      return subject.outcome({ scenario: 'look', user: 'alice', fill })
    },
  },
  {
    title: '`dialog`: a watcher is told of a call',
    specs: 'RFC 4235',
    run: told({
      event: 'dialog',
      type: 'application/dialog-info+xml',
      first: 'NOTIFY',
      changed: 'confirmed',
      body: DIALOG_INFO,
    }),
  },
  {
    title: '`message-summary`: she is told what waits',
    specs: 'RFC 3842',
    run: told({
      event: 'message-summary',
      type: 'application/simple-message-summary',
      first: 'NOTIFY',
      changed: 'Voice-Message: 2/8',
      body: SUMMARY,
      watcher: 'alice',
    }),
  },
  {
    title: '`reg`: she is told of her registrations',
    specs: 'RFC 3680, RFC 3261 §10',
    async run(subject) {
      const fill = {
        EVENT: 'reg',
        ACCEPT: 'application/reginfo+xml',
        FIRST: 'NOTIFY',
        CHANGED: 'state=.active.',
      }
      const watch = await subject.start({ scenario: 'watch', user: 'alice', fill })
      await watch.saw(/Subscription-State: active/).catch(() => undefined)
      const registered = await subject.outcome({
        ...{ scenario: 'register', user: 'alice' },
        fill: { AT: '[local_ip]:[local_port]' },
      })
      return registered === 'passes' ? watch.outcome() : `REGISTER: ${registered}`
    },
  },
]

const SERVICES = 'rls-services/users/sip:bob@example.com/index'

const FRIENDS = `<?xml version="1.0" encoding="UTF-8"?>
<rls-services xmlns="urn:ietf:params:xml:ns:rls-services" xmlns:rl="urn:ietf:params:xml:ns:resource-lists">
<service uri="sip:friends@example.com"><list>
<rl:entry uri="sip:alice@example.com"/><rl:entry uri="sip:carol@example.com"/>
</list><packages><package>presence</package></packages></service>
</rls-services>`

const DOCUMENTS: readonly SipCase[] = [
  {
    title: 'a document is put, put again, got, not put over another, and deleted',
    specs: 'RFC 4825 §7, §8',
    async run(subject) {
      const path = 'resource-lists/users/sip:bob@example.com/friends'
      const put = (body: string, more = {}) =>
        subject.xcap('PUT', path, {
          headers: { 'Content-Type': 'application/resource-lists+xml', ...more },
          body,
        })
      const list = (name: string) =>
        `<?xml version="1.0" encoding="UTF-8"?><resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists"><list name="${name}"/></resource-lists>`
      const made = await put(list('one'))
      const changed = await put(list('two'))
      const got = await subject.xcap('GET', path)
      const stale = await put(list('three'), { 'If-Match': '"stale"' })
      const deleted = await subject.xcap('DELETE', path)
      const gone = await subject.xcap('GET', path)
      const statuses = [made, changed, got, stale, deleted, gone].map(({ status }) => status)
      const said = `${statuses.join(' ')}${got.etag === undefined ? ', no entity-tag' : ''}`
      return said === '201 200 200 412 200 404' ? 'passes' : said
    },
    // What was not there before is created.
    difference: { theirs: '200 200 200 412 200 404', ours: 'passes', why: 'RFC 9110 §9.3.4' },
  },
  {
    title: 'a list is put and subscribed to, and tells of everybody in it',
    specs: 'RFC 4826 §4, RFC 4662 §5',
    async run(subject) {
      const headers = { 'Content-Type': 'application/rls-services+xml' }
      const { status } = await subject.xcap('PUT', SERVICES, { headers, body: FRIENDS })
      if (status !== 201 && status !== 200) return `PUT: ${status}`
      return subject.outcome({ scenario: 'list-look', to: 'friends' })
    },
  },
]

const WATCHING = {
  EVENT: 'presence',
  ACCEPT: 'application/pidf+xml',
  FIRST: 'NOTIFY',
  CHANGED: 'nothing changes',
}

/** What Kamailio answers instead, by what is asked. */
const ANSWERED_OTHERWISE: Readonly<Record<string, string>> = {
  'PUBLISH with two entity-tags': '500 instead of 400',
  'PUBLISH of what is no XML': '415 instead of 400',
  'PUBLISH with an unknown entity-tag': '500 instead of 412',
  'PUBLISH of too much': '200 instead of 413',
  'PUBLISH of an image': 'no Accept: .*application/pidf.xml',
  'PUBLISH for too short a time': '200 instead of 423',
  'SUBSCRIBE to who watches another': '200 instead of 403',
  'SUBSCRIBE for what is not rendered': '200 instead of 406',
  'SUBSCRIBE with a body that is none of its': '200 instead of 415',
  'SUBSCRIBE to what is no presentity': '400 instead of 416',
  'SUBSCRIBE with an extension that is none': '200 instead of 420',
}

const ANSWERS: readonly SipCase[] = Object.entries(REFUSED).map(([title, asked]) => {
  const theirs = ANSWERED_OTHERWISE[title]
  return {
    title: `${title}: ${asked.status}`,
    specs: asked.why,
    run: alone({ scenario: 'answer', fill: fillFor(asked) }),
    ...(theirs !== undefined && { difference: { theirs, ours: 'passes', why: asked.why } }),
  }
})

export const SIP_CASES: Readonly<Record<string, readonly SipCase[]>> = {
  'Publications and subscriptions': LIVES,
  'Event packages': PACKAGES,
  'Lists and documents': DOCUMENTS,
  'What cannot be granted': ANSWERS,
}
