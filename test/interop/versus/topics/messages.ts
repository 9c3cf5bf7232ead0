import { DOMAIN } from '../rig.ts'
import { say, shapes, type Topic, unordered } from '../topic.ts'

export const messages: Topic = {
  title: 'Messages',
  specs: 'RFC 6121 §8.5, XEP-0160, XEP-0203',
  async dialogue(subject) {
    const romeo = await subject.online('msg-romeo')
    const juliet = await subject.online('msg-juliet')
    const low = await subject.online('msg-juliet', 'low', '<priority>-1</priority>')
    await juliet.settle()
    await subject.register('msg-tybalt')
    const answers: Record<string, unknown> = {}
    const send = async (name: string, to: string, type: string, inside = '<body>x</body>') => {
      const stanza = `<message id='m' type='${type}' to='${to}'>${inside}</message>`
      const own = shapes(await say(romeo, stanza))
      const heard = [unordered(await juliet.settle()), unordered(await low.settle())]
      answers[`${type} ${name}`] = { own, heard }
    }
    const bare = `msg-juliet@${DOMAIN}`
    for (const type of ['chat', 'normal', 'headline', 'groupchat', 'error', 'strange']) {
      await send('to the account', bare, type)
      await send('to a resource', `${bare}/desk`, type)
      await send('to one of negative priority', `${bare}/low`, type)
      await send('to a resource that is none', `${bare}/none`, type)
      await send('to nobody', `msg-nobody@${DOMAIN}`, type)
    }
    await send('to the server', DOMAIN, 'chat')
    await send(
      'without body',
      bare,
      'chat',
      `<active xmlns='http://jabber.org/protocol/chatstates'/>`,
    )
    const kept = `msg-tybalt@${DOMAIN}`
    for (const type of ['chat', 'normal', 'headline', 'groupchat', 'error']) {
      await send('to one who is away', kept, type, `<body>${type}</body>`)
    }
    await send(
      'chat state to one who is away',
      kept,
      'chat',
      `<active xmlns='http://jabber.org/protocol/chatstates'/>`,
    )
    const tybalt = await subject.signIn('msg-tybalt')
    answers['before presence'] = shapes(await tybalt.settle())
    answers['what was kept'] = shapes(await say(tybalt, '<presence/>'))
    answers['what was kept comes once'] = shapes(await say(tybalt, '<presence/>'))
    answers['without to'] = shapes(await say(romeo, '<message><body>me</body></message>'))
    return answers
  },
  differences: {
    'normal to a resource that is none': {
      theirs: {
        own: [],
        heard: [
          ["<message from='msg-romeo@localhost/desk' type='normal'><body>x</body></message>"],
          [],
        ],
      },
      ours: {
        own: [
          "<message from='msg-juliet@localhost/none' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        ],
        heard: [[], []],
      },
      why: 'RFC 6121 §8.5.3.2.1: it is ignored or answered with service-unavailable, and not delivered to others.',
    },
    'headline to a resource that is none': {
      theirs: { own: [], heard: [[], []] },
      ours: {
        own: [
          "<message from='msg-juliet@localhost/none' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        ],
        heard: [[], []],
      },
      why: 'RFC 6121 §8.5.3.2.1: it is ignored or answered with service-unavailable: the sender is told.',
    },
    'strange to a resource that is none': {
      theirs: {
        own: [],
        heard: [
          ["<message from='msg-romeo@localhost/desk' type='strange'><body>x</body></message>"],
          [],
        ],
      },
      ours: {
        own: [
          "<message from='msg-juliet@localhost/none' type='error'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
        ],
        heard: [[], []],
      },
      why: 'RFC 6121 §5.2.2: an unknown type is normal, which §8.5.3.2.1 does not deliver to others.',
    },
    'what was kept': {
      theirs: [
        "<presence from='msg-tybalt@localhost/desk'/>",
        "<message from='msg-romeo@localhost/desk' type='chat'><body>chat</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='T'/></message>",
        "<message from='msg-romeo@localhost/desk' type='normal'><body>normal</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='T'/></message>",
        "<message from='msg-romeo@localhost/desk' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><delay xmlns='urn:xmpp:delay' from='localhost' stamp='T'/></message>",
      ],
      ours: [
        "<presence from='msg-tybalt@localhost/desk'/>",
        "<message from='msg-romeo@localhost/desk' type='chat'><body>chat</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='T'/></message>",
        "<message from='msg-romeo@localhost/desk' type='normal'><body>normal</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='T'/></message>",
      ],
      why: 'XEP-0160 §3: a chat message of nothing but a chat state is not kept.',
    },
  },
}
