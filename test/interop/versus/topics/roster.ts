import type { Element } from '../../../../src/xml/element.ts'
import { DOMAIN } from '../rig.ts'
import { say, shapes, type Topic, word } from '../topic.ts'

const JULIET = `roster-juliet@${DOMAIN}`
const query = (inside: string, attributes = '') =>
  `<query xmlns='jabber:iq:roster'${attributes}>${inside}</query>`

export const roster: Topic = {
  title: 'Roster',
  specs: 'RFC 6121 §2',
  async dialogue(subject) {
    await subject.register('roster-juliet')
    const romeo = await subject.online('roster-romeo')
    const garden = await subject.signIn('roster-romeo', 'garden')
    const set = (inside: string) => `<iq type='set' id='r'>${query(inside)}</iq>`
    const get = (to = '', version = '') => `<iq type='get' id='r'${to}>${query('', version)}</iq>`
    const told = async (stanza: string) => shapes(await say(romeo, stanza)).sort()
    const refused = async (stanza: string) => (await say(romeo, stanza)).map(word)
    const empty = await told(get())
    const added = await told(
      set(`<item jid='${JULIET}' name='Juliet'><group>Friends</group></item>`),
    )
    const silent = shapes(await garden.settle())
    const interested = await say(garden, get())
    const updated = await told(set(`<item jid='${JULIET}' name='J'/>`))
    const pushed = shapes(await garden.settle())
    const version = interested.flatMap((one) => [...one.elements()].map((el) => el.attr('ver')))
    return {
      empty,
      added,
      'who has not asked for the roster': silent,
      'who has': pushed,
      got: shapes(interested),
      'has a version': version[0] !== undefined,
      updated,
      'an item for oneself': await refused(set(`<item jid='roster-romeo@${DOMAIN}'/>`)),
      'two items': await refused(set(`<item jid='a@b'/><item jid='c@d'/>`)),
      'no item': await refused(set('')),
      'an item without address': await refused(set(`<item name='x'/>`)),
      'an item with a malformed address': await refused(set(`<item jid='@b'/>`)),
      'one group twice': await refused(
        set(`<item jid='${JULIET}'><group>A</group><group>A</group></item>`),
      ),
      'an empty group': await refused(set(`<item jid='${JULIET}'><group/></item>`)),
      'a name that is long': await refused(
        set(`<item jid='${JULIET}' name='${'x'.repeat(2000)}'/>`),
      ),
      "another's roster": await refused(get(` to='${JULIET}'`)),
      "the server's": await refused(get(` to='${DOMAIN}'`)),
      'removal of nobody': await refused(set(`<item jid='none@${DOMAIN}' subscription='remove'/>`)),
      removed: await told(set(`<item jid='${JULIET}' subscription='remove'/>`)),
      'an old version': (await say(romeo, get('', ` ver='none'`))).map(
        (one: Element) => one.child('query', 'jabber:iq:roster') !== undefined,
      ),
      'the version of now': await current(romeo),
    }
  },
  differences: {
    'an item with a malformed address': {
      theirs: ['error modify bad-request'],
      ours: ['error modify jid-malformed'],
      why: 'RFC 6120 §8.3.3.8: jid-malformed is the condition for an address that is none.',
    },
    'one group twice': {
      theirs: ['result', 'set'],
      ours: ['error modify bad-request'],
      why: 'RFC 6121 §2.3.3: duplicate groups are refused with bad-request.',
    },
    'an empty group': {
      theirs: ['result', 'set'],
      ours: ['error modify not-acceptable'],
      why: 'RFC 6121 §2.3.3: a group of no characters is refused with not-acceptable.',
    },
    'a name that is long': {
      theirs: ['result', 'set'],
      ours: ['error modify not-acceptable'],
      why: "RFC 6121 §2.3.3: a name above the server's limit is refused with not-acceptable; Prosody has no limit.",
    },
    "another's roster": {
      theirs: ['error cancel service-unavailable'],
      ours: ['error auth forbidden'],
      why: 'RFC 6120 §8.3.3.4: whoever lacks the permission is told forbidden.',
    },
    'removal of nobody': {
      theirs: ['error modify item-not-found'],
      ours: ['error cancel item-not-found'],
      why: 'RFC 6120 §8.3.3.7: the type of item-not-found SHOULD be cancel.',
    },
  },
}

/** §2.6.3: an empty result, where nothing has changed. */
async function current(client: Parameters<typeof say>[0]): Promise<string[]> {
  const ask = (version: string) => `<iq type='get' id='r'>${query('', version)}</iq>`
  const [first] = await say(client, ask(" ver=''"))
  const version = first?.child('query', 'jabber:iq:roster')?.attr('ver') ?? ''
  return shapes(await say(client, ask(` ver='${version}'`)))
}
