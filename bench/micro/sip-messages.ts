/** Those that presence lives from, as phones write them. */
export const PIDF_BODY = `<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
 xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity="sip:alice@example.com">
<tuple id="t1"><status><basic>open</basic></status><contact priority="0.8">sip:alice@192.0.2.10</contact></tuple>
<dm:person id="p1"><rpid:activities><rpid:on-the-phone/></rpid:activities></dm:person></presence>`

const COMMON = [
  'From: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
  'Max-Forwards: 70',
  'User-Agent: Example Phone/5.2.1',
  'Allow: INVITE, ACK, CANCEL, BYE, NOTIFY, REFER, MESSAGE, OPTIONS, INFO, SUBSCRIBE',
  'Supported: replaces, outbound, gruu, path',
]

export const SIP_MESSAGES = {
  'a PUBLISH': message('PUBLISH sip:alice@example.com SIP/2.0', PIDF_BODY, [
    'Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK.f2Zs8nUqk;rport',
    ...COMMON,
    'To: <sip:alice@example.com>',
    'Call-ID: J5Hc3~s2pM',
    'CSeq: 20 PUBLISH',
    'Event: presence',
    'Expires: 3600',
    'SIP-If-Match: dx200xyz',
    'Content-Type: application/pidf+xml',
  ]),
  'a SUBSCRIBE': message('SUBSCRIBE sip:bob@example.com SIP/2.0', '', [
    'Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bK.a8Zs8nUqk;rport',
    ...COMMON,
    'To: <sip:bob@example.com>',
    'Call-ID: 7Hc3s2pM@192.0.2.10',
    'CSeq: 21 SUBSCRIBE',
    'Contact: <sip:alice@192.0.2.10:5060;transport=tcp>;+sip.instance="<urn:uuid:0d1e>"',
    'Event: presence',
    'Accept: application/pidf+xml, application/rlmi+xml, multipart/related',
    'Expires: 600',
  ]),
  'a 200 to NOTIFY': message('SIP/2.0 200 OK', '', [
    'Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK0a1b2c3d4e5f;received=192.0.2.1;rport=5060',
    'From: <sip:bob@example.com>;tag=37GkEhwl6',
    'To: "Alice Example" <sip:alice@example.com>;tag=9fxced76sl',
    'Call-ID: 7Hc3s2pM@192.0.2.10',
    'CSeq: 5 NOTIFY',
    'User-Agent: Example Phone/5.2.1',
  ]),
} as const

function message(startLine: string, body: string, headers: readonly string[]): Buffer {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return Buffer.from(`${[startLine, ...headers, length].join('\r\n')}\r\n\r\n${body}`)
}
