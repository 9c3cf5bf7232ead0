import { DOMAIN } from '../rig.ts'
import { ask, type Topic } from '../topic.ts'

const PING = `<ping xmlns='urn:xmpp:ping'/>`

export const ping: Topic = {
  title: 'Ping',
  specs: 'XEP-0199',
  async dialogue(subject) {
    const romeo = await subject.online('ping-romeo')
    const pinged = (to?: string) => ask(romeo, 'get', PING, to)
    return {
      'the own account, unnamed': await pinged(),
      'the own account': await pinged(`ping-romeo@${DOMAIN}`),
      'the server': await pinged(DOMAIN),
      'a domain with a resource': await pinged(`${DOMAIN}/nothing`),
      nobody: await pinged(`ping-nobody@${DOMAIN}`),
      'nobody with a resource': await pinged(`ping-nobody@${DOMAIN}/desk`),
      'the own account, a resource that is none': await pinged(`ping-romeo@${DOMAIN}/none`),
      set: await ask(romeo, 'set', PING, DOMAIN),
    }
  },
  differences: {
    'a domain with a resource': {
      theirs: 'result',
      ours: 'error cancel service-unavailable',
      why: 'RFC 6120 §10.5.3: it is handled or answered with an error; there is nothing of that name.',
    },
    nobody: {
      theirs: 'result',
      ours: 'error cancel service-unavailable',
      why: 'RFC 6121 §8.5.1: an iq to an account that does not exist is answered with this error.',
    },
  },
}
