import { BoshClient, BoshWire, body } from '../../../support/bosh-client.ts'
import { NS_FRAMING, WsClient } from '../../../support/ws-client.ts'
import { credentials, DOMAIN } from '../rig.ts'
import { reason, type Topic } from '../topic.ts'

const NS_STREAM = 'http://etherx.jabber.org/streams'
const PING = `<ping xmlns='urn:xmpp:ping'/>`

export const bosh: Topic = {
  title: 'BOSH',
  specs: 'XEP-0124, XEP-0206',
  async dialogue(subject) {
    await subject.register('bosh-romeo')
    const wire = new BoshWire(subject.url('http', '/http-bind'))
    const told = async (text: string) => {
      const { status, text: answer } = await wire.post(text)
      if (!answer.startsWith('<body')) return status
      const { body: wrapper } = await wire.post(text)
      return [status, wrapper.attr('type'), wrapper.attr('condition')]
    }
    const terms = `xmpp:version='1.0' wait='5' hold='1' ver='1.6' xml:lang='en'`
    const answers: Record<string, unknown> = {
      'an unknown session': await told(body(`rid='2' sid='none'`)),
      'an unknown host': await told(body(`rid='1' to='elsewhere.example' ${terms}`)),
      'no host': await told(body(`rid='1' ${terms}`)),
    }
    const client = new BoshClient(subject.url('http', '/http-bind'))
    await client.signIn({ ...credentials('bosh-romeo') })
    answers.bound = await client.bind('desk')
    answers.begun = [client.begun?.attr('hold') ?? 'none', client.begun?.attr('sid') !== undefined]
    answers.ping = (await client.iq('get', PING, DOMAIN)).attr('type')
    await client[Symbol.asyncDispose]()
    answers.ended = client.farewell?.attr('type')
    wire.destroy()
    return answers
  },
  differences: {
    'an unknown host': {
      theirs: [200, 'terminate', 'improper-addressing'],
      ours: [200, 'terminate', 'host-unknown'],
      why: 'XEP-0124 §17.2: host-unknown is for a host that is not served, improper-addressing for a request without one.',
    },
    begun: {
      theirs: ['none', true],
      ours: ['1', true],
      why: 'XEP-0124 §7.2: hold tells the client how many requests are kept waiting.',
    },
  },
}

export const websocket: Topic = {
  title: 'WebSocket',
  specs: 'RFC 7395',
  async dialogue(subject) {
    await subject.register('ws-romeo')
    const url = subject.url('ws', '/xmpp-websocket')
    const refused = async (frame: string) => {
      const client = await WsClient.connect(url)
      client.sendFrame(frame)
      const answer = await client
        .expect((one) => one.is('error', NS_STREAM) || one.is('features', NS_STREAM))
        .catch(() => undefined)
      if (!answer) return `closed with ${client.closeCode}`
      await client.cut()
      return answer.name === 'error' ? reason(answer) : answer.name
    }
    const open = (attributes: string, ns = NS_FRAMING) => `<open xmlns='${ns}' ${attributes}/>`
    const client = await WsClient.connect(url)
    await client.signIn(credentials('ws-romeo'))
    const answers = {
      protocol: client.socket.protocol,
      'an unknown host': await refused(open(`to='elsewhere.example' version='1.0'`)),
      'a stream of TCP': await refused(
        `<stream:stream xmlns='jabber:client' xmlns:stream='${NS_STREAM}' to='${DOMAIN}' version='1.0'>`,
      ),
      'what is no XML': await refused('hello'),
      opened: [client.header?.attr('from'), client.header?.attr('version')],
      bound: await client.bind('desk'),
      ping: (await client.iq('get', PING, DOMAIN)).attr('type'),
    }
    await client[Symbol.asyncDispose]()
    return { ...answers, 'the last frame': client.frames.at(-1)?.slice(0, 6) }
  },
  differences: {
    'a stream of TCP': {
      theirs: 'features',
      ours: 'not-well-formed',
      why: 'RFC 7395 §3.3.3: each frame is one whole element, and §3.4 opens a stream with open.',
    },
    'what is no XML': {
      theirs: 'closed with 1007',
      ours: 'not-well-formed',
      why: 'RFC 7395 §3.5: an error of the stream is told in a frame before the stream is closed.',
    },
  },
}
