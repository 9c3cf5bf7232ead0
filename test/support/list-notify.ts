/** What the NOTIFY of a list says (RFC 4662), as its receiver reads it. */
import assert from 'node:assert/strict'
import { parseRlmi, RLMI, type RlmiList } from '../../src/formats/rlmi.ts'
import { parseMediaType } from '../../src/sip/message/media-type.ts'
import type { SipRequest } from '../../src/sip/message/message.ts'
import { parseMultipart, rootFirst } from '../../src/sip/message/multipart.ts'

export interface ListNotify extends RlmiList {
  /** `uri state reason?` of each instance; the URI alone where there is none. */
  readonly states: readonly string[]
  /** The document of a resource's only instance. */
  document(uri: string): string | undefined
  /** The list that a resource is. */
  sublist(uri: string): ListNotify
  /** Besides the meta-information. */
  readonly parts: number
}

export function readListNotify({ headers, body }: SipRequest): ListNotify {
  assert.equal(headers.get('Require'), 'eventlist')
  return readList(headers.get('Content-Type') ?? '', body)
}

function readList(contentType: string, body: Buffer): ListNotify {
  const type = parseMediaType(contentType)
  assert.ok(type?.type === 'multipart/related', contentType)
  assert.equal(type.params.get('type'), RLMI)
  const [root, ...parts] = rootFirst(type, parseMultipart(type, body) ?? [])
  assert.ok(root)
  const list = parseRlmi(root.body)
  const partOf = (uri: string) => {
    const cid = list.resources.find((one) => one.uri === uri)?.instances.at(-1)?.cid
    return cid === undefined ? undefined : parts.find(({ contentId }) => contentId === cid)
  }
  return {
    ...list,
    states: list.resources.flatMap(({ uri, instances }) =>
      instances.length === 0
        ? [uri]
        : instances.map(({ state, reason }) => [uri, state, reason].filter(Boolean).join(' ')),
    ),
    document: (uri) => partOf(uri)?.body.toString(),
    sublist(uri) {
      const part = partOf(uri)
      assert.ok(part, `no part for ${uri}`)
      return readList(part.contentType, part.body)
    },
    parts: parts.length,
  }
}
