/** What is answered to requests of presence that cannot be granted, row by row; Kamailio is asked the same. */

export interface Asked {
  readonly method: 'PUBLISH' | 'SUBSCRIBE'
  /** `sip:alice@example.com`, where not given. */
  readonly uri?: string
  readonly headers: readonly string[]
  readonly body?: string
  /** Of a dialog that there is none of. */
  readonly inDialog?: true
  readonly status: number
  /** What the response says besides. */
  readonly says?: string
  /** As in the standard. */
  readonly why: string
}

const PIDF = 'Content-Type: application/pidf+xml'
const BODY =
  '<?xml version="1.0" encoding="UTF-8"?><presence xmlns="urn:ietf:params:xml:ns:pidf" entity="sip:alice@example.com">' +
  '<tuple id="t"><status><basic>open</basic></status></tuple></presence>'

function publish(headers: readonly string[], body: string | undefined, answer: Answer): Asked {
  const all = ['Event: presence', ...headers, ...(body === undefined ? [] : [PIDF])]
  return { method: 'PUBLISH', headers: all, ...(body !== undefined && { body }), ...answer }
}

function subscribe(headers: readonly string[], answer: Answer & Partial<Asked>): Asked {
  return { method: 'SUBSCRIBE', headers: ['Event: presence', ...headers], ...answer }
}

type Answer = Pick<Asked, 'status' | 'says' | 'why'> & Partial<Asked>

/** By what is wrong. */
export const REFUSED: Readonly<Record<string, Asked>> = {
  'PUBLISH without a body': publish(['Expires: 600'], undefined, {
    status: 400,
    why: 'RFC 3903 §4.1',
  }),
  'PUBLISH with two entity-tags': publish(
    ['Expires: 600', 'SIP-If-Match: one', 'SIP-If-Match: two'],
    BODY,
    { status: 400, why: 'RFC 3903 §6 step 3' },
  ),
  'PUBLISH of what is no XML': publish(['Expires: 600'], '<presence>', {
    status: 400,
    why: 'RFC 3261 §21.4.1',
  }),
  'PUBLISH of an Expires that is none': publish(['Expires: soon'], BODY, {
    status: 400,
    why: 'RFC 3261 §20.19',
  }),
  'PUBLISH for nobody': publish(['Expires: 600'], BODY, {
    uri: 'sip:nobody@example.com',
    status: 404,
    why: 'RFC 3903 §6 step 1',
  }),
  'PUBLISH with an unknown entity-tag': publish(['Expires: 600', 'SIP-If-Match: unknown'], BODY, {
    status: 412,
    why: 'RFC 3903 §6 step 3',
  }),
  'PUBLISH of too much': publish(['Expires: 600'], `${BODY}<!--${'x'.repeat(2000)}-->`, {
    status: 413,
    why: 'RFC 3261 §21.4.11',
  }),
  'PUBLISH of an image': {
    method: 'PUBLISH',
    headers: ['Event: presence', 'Expires: 600', 'Content-Type: image/png'],
    body: 'png',
    status: 415,
    says: 'Accept: .*application/pidf.xml',
    why: 'RFC 3261 §21.4.13',
  },
  'PUBLISH for too short a time': publish(['Expires: 5'], BODY, {
    status: 423,
    says: 'Min-Expires: [0-9]+',
    why: 'RFC 3903 §6 step 4',
  }),
  'PUBLISH of an event that is none': {
    method: 'PUBLISH',
    headers: ['Event: weather', 'Expires: 600', PIDF],
    body: BODY,
    status: 489,
    says: 'Allow-Events: .*presence',
    why: 'RFC 3903 §6 step 2',
  },
  'PUBLISH without an event': {
    method: 'PUBLISH',
    headers: ['Expires: 600', PIDF],
    body: BODY,
    status: 489,
    says: 'Allow-Events: .*presence',
    why: 'RFC 3903 §6 step 2',
  },
  'SUBSCRIBE to who watches another': {
    method: 'SUBSCRIBE',
    headers: ['Event: presence.winfo', 'Accept: application/watcherinfo+xml', 'Expires: 600'],
    status: 403,
    why: 'RFC 3857 §4.6',
  },
  'SUBSCRIBE to nobody': subscribe(['Expires: 600'], {
    uri: 'sip:nobody@example.com',
    status: 404,
    why: 'RFC 6665 §4.2.1.3',
  }),
  'SUBSCRIBE for what is not rendered': subscribe(['Accept: image/png', 'Expires: 600'], {
    status: 406,
    why: 'RFC 3261 §21.4.7',
  }),
  'SUBSCRIBE with a body that is none of its': subscribe(
    ['Accept: application/pidf+xml', 'Expires: 600', 'Content-Type: image/png'],
    { body: 'png', status: 415, why: 'RFC 3261 §8.2.3' },
  ),
  'SUBSCRIBE to what is no presentity': subscribe(['Expires: 600'], {
    uri: 'mailto:alice@example.com',
    status: 416,
    why: 'RFC 3261 §8.2.2.1',
  }),
  'SUBSCRIBE with an extension that is none': subscribe(['Require: teleport', 'Expires: 600'], {
    status: 420,
    says: 'Unsupported: teleport',
    why: 'RFC 3261 §8.2.2.3',
  }),
  'SUBSCRIBE for too short a time': subscribe(['Expires: 5'], {
    status: 423,
    says: 'Min-Expires: [0-9]+',
    why: 'RFC 6665 §4.2.1.1',
  }),
  'SUBSCRIBE in a dialog that is none': subscribe(['Expires: 600'], {
    inDialog: true,
    status: 481,
    why: 'RFC 6665 §4.2.1.1',
  }),
  'SUBSCRIBE to an event that is none': {
    method: 'SUBSCRIBE',
    headers: ['Event: weather', 'Expires: 600'],
    status: 489,
    says: 'Allow-Events: .*presence',
    why: 'RFC 6665 §4.2.1.1',
  },
}

/** What Kamailio is not asked, since its routes would have to say it. */
export const REFUSED_HERE: Readonly<Record<string, Asked>> = {
  'SUBSCRIBE to one of several people': subscribe(['Expires: 600'], {
    uri: 'sip:100@proxy.example.com',
    status: 484,
    why: 'RFC 3261 §21.4.22',
  }),
  'SUBSCRIBE to a list by who takes none': subscribe(['Expires: 600'], {
    uri: 'sip:contacts@example.com',
    status: 421,
    says: 'Require: eventlist',
    why: 'RFC 4662 §4.1',
  }),
}

/** For `answer.xml`. */
export function fillFor({ method, uri = 'sip:alice@example.com', ...asked }: Asked) {
  return {
    METHOD: method,
    URI: uri,
    TOTAG: asked.inDialog ? ';tag=nothing' : '',
    HEADERS: asked.headers.join('\n      '),
    BODY: asked.body ?? '',
    STATUS: String(asked.status),
    SAYS: asked.says ?? 'SIP',
  }
}
