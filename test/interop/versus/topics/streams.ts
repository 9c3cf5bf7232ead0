import type { XmppClient } from '../../../support/xmpp-client.ts'
import { DOMAIN, type Subject } from '../rig.ts'
import { reason, say, shapes, type Topic, word } from '../topic.ts'

const NS_STREAM = 'http://etherx.jabber.org/streams'
const NS_SM = 'urn:xmpp:sm:3'
const NS_SASL = 'urn:ietf:params:xml:ns:xmpp-sasl'
const NS_BIND = 'urn:ietf:params:xml:ns:xmpp-bind'

export const management: Topic = {
  title: 'Stream management and client state',
  specs: 'XEP-0198, XEP-0352',
  async dialogue(subject) {
    const romeo = await subject.authenticated('sm-romeo')
    // Servers ask for acknowledgements when they like.
    const nonza = (client: typeof romeo) =>
      client.expect(({ ns, name }) => ns === NS_SM && name !== 'r')
    const talk = async (client: typeof romeo, inside: string) => {
      client.send(inside)
      const answer = await nonza(client)
      return answer
    }
    const named = (answer: Awaited<ReturnType<typeof talk>>) =>
      [
        answer.name,
        ...[...answer.elements()].map(({ name }) => name).filter((name) => name !== 'text'),
      ].join(' ')
    const early = named(await talk(romeo, `<enable xmlns='${NS_SM}' resume='true'/>`))
    await romeo.bind('desk')
    const enabled = await talk(romeo, `<enable xmlns='${NS_SM}' resume='true'/>`)
    const first = await talk(romeo, `<r xmlns='${NS_SM}'/>`)
    romeo.send('<presence/>')
    const second = await talk(romeo, `<r xmlns='${NS_SM}'/>`)
    await romeo.cut()
    const again = await subject.authenticated('sm-romeo')
    const unknown = named(await talk(again, `<resume xmlns='${NS_SM}' previd='none' h='0'/>`))
    const resumed = await talk(
      again,
      `<resume xmlns='${NS_SM}' previd='${enabled.attr('id')}' h='0'/>`,
    )
    await again.cut()
    const plain = await subject.signIn('sm-juliet')
    const before = shapes(await say(plain, `<inactive xmlns='urn:xmpp:csi:0'/>`))
    return {
      'before a resource is bound': early,
      enabled: [enabled.name, enabled.attr('resume'), enabled.attr('id') !== undefined],
      'nothing was sent': first.attr('h'),
      'one was sent': second.attr('h'),
      'resume of what is unknown': unknown,
      resumed: [resumed.name, resumed.attr('h'), resumed.attr('previd') === enabled.attr('id')],
      inactive: before,
      active: shapes(await say(plain, `<active xmlns='urn:xmpp:csi:0'/>`)),
    }
  },
  differences: {},
}

export const streams: Topic = {
  title: 'Errors of streams',
  specs: 'RFC 6120 §4.9',
  async dialogue(subject) {
    const after = async (client: XmppClient, bytes: string) => {
      client.send(`${bytes}<iq type='get' id='mark'><ping xmlns='urn:xmpp:ping'/></iq>`)
      const heard = await client.expect(
        (one) => one.attr('id') === 'mark' || one.is('error', NS_STREAM),
      )
      return heard.name === 'error' ? reason(heard) : 'goes on'
    }
    const told = async (bytes: string) => after(await subject.connect(), bytes)
    const online = async (bytes: string) => after(await subject.online('stream-romeo'), bytes)
    const header = (
      attributes: string,
      ns = 'jabber:client',
      streams = 'http://etherx.jabber.org/streams',
    ) =>
      `<?xml version='1.0'?><stream:stream xmlns='${ns}' xmlns:stream='${streams}' ${attributes}>`
    const good = header(`to='${DOMAIN}' version='1.0'`)
    return {
      'an unknown host': await told(header(`to='elsewhere.example' version='1.0'`)),
      'another namespace of streams': await told(
        header(`to='${DOMAIN}' version='1.0'`, 'jabber:client', 'u:x'),
      ),
      'a version that is none': await told(header(`to='${DOMAIN}' version='x'`)),
      'what is no XML': await told('GET / HTTP/1.0\r\n\r\n'),
      'tags that do not match': await online('<message><body></message>'),
      'an entity': await online('<message><body>&nbsp;</body></message>'),
      'a comment': await online('<!-- x -->'),
      'a processing instruction': await online('<?x y?>'),
      'a prefix that is not declared': await online('<x:message/>'),
      'an attribute twice': await online(`<message a='1' a='2'/>`),
      'a stanza that is none': await online('<letter/>'),
      'a stanza before signing in': await told(`${good}<message to='${DOMAIN}'/>`),
      "from another's address": await online(`<message from='tybalt@${DOMAIN}' to='${DOMAIN}'/>`),
    }
  },
  differences: {
    'a version that is none': {
      theirs: 'goes on',
      ours: 'unsupported-version',
      why: 'RFC 6120 §4.9.3.25: a version that the server does not support ends the stream with unsupported-version.',
    },
    'an entity': {
      theirs: 'not-well-formed',
      ours: 'restricted-xml',
      why: 'RFC 6120 §4.9.3.18: an entity reference is restricted-xml.',
    },
    'a comment': {
      theirs: 'not-well-formed',
      ours: 'restricted-xml',
      why: 'RFC 6120 §4.9.3.18: a comment is restricted-xml.',
    },
    'a processing instruction': {
      theirs: 'not-well-formed',
      ours: 'restricted-xml',
      why: 'RFC 6120 §4.9.3.18: a processing instruction is restricted-xml.',
    },
    'a prefix that is not declared': {
      theirs: 'not-well-formed',
      ours: 'bad-namespace-prefix',
      why: 'RFC 6120 §4.9.3.2: bad-namespace-prefix is for it.',
    },
    'a stanza before signing in': {
      theirs: 'goes on',
      ours: 'not-authorized',
      why: 'RFC 6120 §4.9.3.12: stanzas before the stream is authenticated end it with not-authorized.',
    },
    "from another's address": {
      theirs: 'goes on',
      ours: 'invalid-from',
      why: "RFC 6120 §8.1.2.1: a from that is not the client's ends the stream with invalid-from.",
    },
  },
}

export const signIn: Topic = {
  title: 'Errors of signing in and of resources',
  specs: 'RFC 6120 §6.5, §7',
  async dialogue(subject) {
    await subject.register('sasl-romeo')
    const bound = await resources(subject)
    const refused = async (inside: string) => {
      const client = await subject.secured()
      client.send(inside)
      return reason(await client.expect(({ ns }) => ns === NS_SASL))
    }
    const auth = (mechanism: string, text: string) =>
      `<auth xmlns='${NS_SASL}' mechanism='${mechanism}'>${text}</auth>`
    const encoded = (text: string) => Buffer.from(text).toString('base64')
    return {
      ...bound,
      'an unknown mechanism': await refused(auth('NONE', '')),
      'what is no Base64': await refused(auth('PLAIN', '***')),
      'a wrong password': await refused(auth('PLAIN', encoded('\0sasl-romeo\0wrong'))),
      'an unknown user': await refused(auth('PLAIN', encoded('\0sasl-nobody\0wrong'))),
      'a malformed PLAIN': await refused(auth('PLAIN', encoded('sasl-romeo'))),
      "another's identity": await refused(
        auth('PLAIN', encoded(`tybalt@${DOMAIN}\0sasl-romeo\0pencil`)),
      ),
      'a malformed SCRAM': await refused(auth('SCRAM-SHA-1', encoded('x'))),
      abort: await refused(`<abort xmlns='${NS_SASL}'/>`),
    }
  },
  differences: {
    'two resources': {
      theirs: 'error cancel service-unavailable',
      ours: 'error cancel not-allowed',
      why: 'RFC 6120 §7.6.2.2: not-allowed is for a client that may bind no resource.',
    },
    'a resource that is long': {
      theirs: 'result',
      ours: 'error modify bad-request',
      why: 'RFC 6120 §7.7.2.1: a resource that breaks the limit of length is a bad request.',
    },
    "another's identity": {
      theirs: 'none',
      ours: 'invalid-authzid',
      why: "RFC 6120 §6.5.6: an identity that is not the user's is invalid-authzid.",
    },
  },
}

async function resources(subject: Subject): Promise<Record<string, unknown>> {
  const bind = (inside: string) => `<bind xmlns='${NS_BIND}'>${inside}</bind>`
  const one = await subject.authenticated('sasl-romeo')
  const jid = await one.bind()
  const twice = word(await one.iq('set', bind('<resource>other</resource>')))
  const desk = await subject.signIn('sasl-romeo')
  const twin = await subject.authenticated('sasl-romeo')
  const answer = await twin.iq('set', bind('<resource>desk</resource>'))
  const isSame = answer.child('bind', NS_BIND)?.child('jid')?.text() === desk.jid
  return {
    'a resource of the server': /^sasl-romeo@localhost\/.+/.test(jid),
    'two resources': twice,
    'the resource of another': [word(answer), isSame],
    'whose it was': isSame ? reason(await desk.expectStreamError()) : 'stays',
    'a resource that is long': word(
      await (await subject.authenticated('sasl-romeo')).iq(
        'set',
        bind(`<resource>${'x'.repeat(1100)}</resource>`),
      ),
    ),
  }
}
