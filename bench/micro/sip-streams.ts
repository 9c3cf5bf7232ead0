/** What phones say, from the bytes that come to the bytes that go, and the answers to those. */
import type { Operation, Run } from './operation.ts'
import { PIDF_BODY } from './sip-messages.ts'
import { type PhoneRequest, Phones } from './sip-phones.ts'

const WATCHERS = 20
const CONTACT = 'Contact: <sip:phone@127.0.0.1:5080;transport=tcp>'
const BODIES = [PIDF_BODY, PIDF_BODY.replace('on-the-phone', 'meeting')]

function subscribing(from: string, expires: number): PhoneRequest {
  const headers = [CONTACT, `Expires: ${expires}`, 'Accept: application/pidf+xml']
  return { method: 'SUBSCRIBE', from, to: 'alice', headers }
}

async function publishing(): Promise<Run> {
  const watchers = Array.from({ length: WATCHERS }, (_, at) => `user${at}`)
  const phones = await Phones.open(['alice', ...watchers])
  for (const watcher of watchers) await phones.send(subscribing(watcher, 3600), 1)
  let published = 0
  return () => {
    const [, etag] = /\r\nSIP-ETag: (.*)\r\n/.exec(phones.response) ?? []
    const headers = ['Expires: 3600', 'Content-Type: application/pidf+xml']
    if (etag !== undefined) headers.push(`SIP-If-Match: ${etag}`)
    const body = BODIES[published++ % BODIES.length] ?? ''
    return phones.send({ method: 'PUBLISH', from: 'alice', to: 'alice', headers, body }, WATCHERS)
  }
}

/** Asks once (RFC 6665 §4.4.3): what is begun with the request ends with its NOTIFY. */
async function fetching(): Promise<Run> {
  const phones = await Phones.open(['alice', 'bob'])
  const request = subscribing('bob', 0)
  return () => phones.send(request, 1)
}

export const sipStreams: readonly Operation[] = [
  { name: 'sip: a PUBLISH told to one of 20 watchers', perRun: WATCHERS, setUp: publishing },
  { name: 'sip: a SUBSCRIBE and its NOTIFY', setUp: fetching },
]
