import { DOMAIN } from '../rig.ts'
import { say, type Topic, word } from '../topic.ts'

const NS = 'http://jabber.org/protocol/commands'

export const commands: Topic = {
  title: 'Ad-hoc commands',
  specs: 'XEP-0050',
  async dialogue(subject) {
    const romeo = await subject.online('adhoc-romeo')
    const run = async (attributes: string, type = 'set') => {
      const inside = `<command xmlns='${NS}' ${attributes}/>`
      const heard = await say(romeo, `<iq type='${type}' id='c' to='${DOMAIN}'>${inside}</iq>`)
      return heard.map(word)
    }
    const items = `<query xmlns='http://jabber.org/protocol/disco#items' node='${NS}'/>`
    const info = await romeo.iq(
      'get',
      `<query xmlns='http://jabber.org/protocol/disco#info'/>`,
      DOMAIN,
    )
    const features = [...info.elements()].flatMap((one) => [...one.elements()])
    return {
      'is a feature': features.some((one) => one.attr('var') === NS),
      list: (await say(romeo, `<iq type='get' id='l' to='${DOMAIN}'>${items}</iq>`)).map(word),
      'a command that is none': await run(`node='none' action='execute'`),
      get: await run(`node='none'`, 'get'),
    }
  },
  differences: {
    'a command that is none': {
      theirs: ['error cancel service-unavailable'],
      ours: ['error cancel item-not-found'],
      why: 'XEP-0050 §4.4: a command that the server does not know is item-not-found.',
    },
  },
}
