import type { Element } from '../../../../src/xml/element.ts'
import { DOMAIN } from '../rig.ts'
import { ask, say, shape, type Topic, word } from '../topic.ts'

const INFO = `<query xmlns='http://jabber.org/protocol/disco#info'/>`
const ITEMS = `<query xmlns='http://jabber.org/protocol/disco#items'/>`
/** What both servers have: a client that finds one of these finds it in either. */
const COMMON = [
  'http://jabber.org/protocol/disco#info',
  'http://jabber.org/protocol/disco#items',
  'urn:xmpp:ping',
  'urn:xmpp:blocking',
  'urn:xmpp:carbons:2',
  'urn:xmpp:time',
  'jabber:iq:version',
  'jabber:iq:last',
  'jabber:iq:private',
  'jabber:iq:register',
  'msgoffline',
  'vcard-temp',
]

const children = (answer: Element) => [...answer.elements()].flatMap((one) => [...one.elements()])

export const discovery: Topic = {
  title: 'Service discovery',
  specs: 'XEP-0030',
  async dialogue(subject) {
    const romeo = await subject.online('disco-romeo')
    await subject.register('disco-tybalt')
    const found = children(await romeo.iq('get', INFO, DOMAIN))
    const own = children(await romeo.iq('get', INFO))
    const of = (list: Element[], name: string) => list.filter((one) => one.name === name)
    const features = new Set(of(found, 'feature').map((one) => one.attr('var')))
    const node = (name: string) =>
      `<query xmlns='http://jabber.org/protocol/disco#info' node='${name}'/>`
    return {
      'features of the server': COMMON.filter((name) => features.has(name)),
      'the server is': of(found, 'identity').some(
        (one) => one.attr('category') === 'server' && one.attr('type') === 'im',
      ),
      'the own account is': of(own, 'identity').some(
        (one) => one.attr('category') === 'account' && one.attr('type') === 'registered',
      ),
      'items of the own account': shape(await romeo.iq('get', ITEMS)),
      'an unknown node of the server': await ask(romeo, 'get', node('none'), DOMAIN),
      "a stranger's account": await ask(romeo, 'get', INFO, `disco-tybalt@${DOMAIN}`),
      'an account that is none': await ask(romeo, 'get', INFO, `disco-nobody@${DOMAIN}`),
      set: await ask(romeo, 'set', INFO, DOMAIN),
    }
  },
  differences: {
    'items of the own account': {
      theirs:
        "<iq to='disco-romeo@localhost/desk' type='result'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
      ours: "<iq to='disco-romeo@localhost/desk' type='result'><query xmlns='http://jabber.org/protocol/disco#items'><item jid='disco-romeo@localhost/desk'/></query></iq>",
      why: 'XEP-0030 §8: whoever may see the presence of an account SHOULD be told its available resources.',
    },
  },
}

export const errors: Topic = {
  title: 'Errors of stanzas',
  specs: 'RFC 6120 §8.3, RFC 6121 §8',
  async dialogue(subject) {
    const romeo = await subject.online('errors-romeo')
    await subject.online('errors-juliet')
    const raw = async (stanza: string) => (await say(romeo, stanza)).map(word)
    const unknown = `<query xmlns='urn:example:unknown'/>`
    const iq = (to: string) => ask(romeo, 'get', unknown, to)
    return {
      'unknown iq to the server': await iq(DOMAIN),
      'unknown iq to the own account': await iq(`errors-romeo@${DOMAIN}`),
      'unknown iq to another account': await iq(`errors-juliet@${DOMAIN}`),
      'unknown iq to a resource that is none': await iq(`errors-juliet@${DOMAIN}/none`),
      'unknown iq to nobody': await iq(`errors-nobody@${DOMAIN}`),
      'an iq of another type': await raw(`<iq type='ask' id='e1' to='${DOMAIN}'>${unknown}</iq>`),
      'an iq without type': await raw(`<iq id='e2' to='${DOMAIN}'>${unknown}</iq>`),
      'an iq without id': await raw(`<iq type='get' to='${DOMAIN}'>${unknown}</iq>`),
      'an empty get': await raw(`<iq type='get' id='e3' to='${DOMAIN}'/>`),
      'a get of two': await raw(`<iq type='get' id='e4' to='${DOMAIN}'>${unknown}${unknown}</iq>`),
      'a result that nobody asked for': await raw(`<iq type='result' id='e5' to='${DOMAIN}'/>`),
      'an error that nobody asked for': await raw(`<iq type='error' id='e6' to='${DOMAIN}'/>`),
      'to a malformed address': await raw(`<message to='a@b@c' id='e7'><body>x</body></message>`),
    }
  },
  differences: {},
}
