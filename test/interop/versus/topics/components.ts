import { TestComponent } from '../../../support/component.ts'
import { XmppClient } from '../../../support/xmpp-client.ts'
import { COMPONENT, COMPONENT_PASSWORD, DOMAIN } from '../rig.ts'
import { ask, reason, type Topic } from '../topic.ts'

const NS_REGISTER = 'jabber:iq:register'

export const components: Topic = {
  title: 'Components',
  specs: 'XEP-0114',
  async dialogue({ ports }) {
    const opened = new AsyncDisposableStack()
    const open = async (host: string) =>
      opened.use(await TestComponent.open(ports.components, host))
    const told = async (host: string, password: string) => {
      const answer = await (await open(host)).handshake(password)
      return answer.name === 'handshake' ? 'connected' : reason(answer)
    }
    const refused = async (host: string) => {
      const client = await XmppClient.connect({ port: ports.components })
      const ns = "xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams'"
      client.send(`<stream:stream ${ns} to='${host}'>`)
      return reason(await client.expectStreamError())
    }
    const answers = {
      'a wrong password': await told(COMPONENT, 'wrong'),
      'the domain of people': await refused(DOMAIN),
      'an unknown host': await refused('other.localhost'),
      connected: await told(COMPONENT, COMPONENT_PASSWORD),
      'a second': await told(COMPONENT, COMPONENT_PASSWORD),
    }
    await opened.disposeAsync()
    return answers
  },
  differences: {},
}

export const registration: Topic = {
  title: 'Registration',
  specs: 'XEP-0077',
  async dialogue(subject) {
    await subject.register('reg-romeo')
    const query = (inside: string) => `<query xmlns='${NS_REGISTER}'>${inside}</query>`
    const fields = (user: string, password: string) =>
      query(`<username>${user}</username><password>${password}</password>`)
    const refused = async (type: 'get' | 'set', inside: string) => {
      const client = await subject.secured()
      const answer = await client.iq(type, inside)
      const error = answer.child('error')
      const condition = error?.child(undefined, 'urn:ietf:params:xml:ns:xmpp-stanzas')?.name
      return error ? `error ${error.attr('type')} ${condition}` : answer.attr('type')
    }
    const romeo = await subject.online('reg-romeo')
    return {
      form: await refused('get', query('')),
      'a name that is taken': await refused('set', fields('reg-romeo', 'x1y2z3')),
      'no name': await refused('set', query('<password>x1y2z3</password>')),
      'no password': await refused('set', query('<username>reg-tybalt</username>')),
      'nothing at all': await refused('set', query('')),
      'a name that is none': await refused('set', fields('a@b', 'x1y2z3')),
      'another password for another': await ask(romeo, 'set', fields('reg-juliet', 'x1y2z3')),
      'no new password': await ask(romeo, 'set', query('<username>reg-romeo</username>')),
    }
  },
  differences: {
    'another password for another': {
      theirs: 'error modify bad-request',
      ours: 'error cancel not-allowed',
      why: 'XEP-0077 §3.3: the request is complete, so no bad request; RFC 6120 §8.3.3.10 has not-allowed for what nobody may do.',
    },
  },
}
