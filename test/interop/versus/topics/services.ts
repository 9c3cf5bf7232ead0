import { DOMAIN } from '../rig.ts'
import { ask, say, shapes, type Topic, unordered, word } from '../topic.ts'

const NS_BLOCKING = 'urn:xmpp:blocking'
const blocklist = `<iq type='get' id='b'><blocklist xmlns='${NS_BLOCKING}'/></iq>`
const block = (name: string, inside: string) =>
  `<iq type='set' id='b'><${name} xmlns='${NS_BLOCKING}'>${inside}</${name}></iq>`

export const blocking: Topic = {
  title: 'Blocking',
  specs: 'XEP-0191',
  async dialogue(subject) {
    const romeo = await subject.online('block-romeo')
    const juliet = await subject.online('block-juliet')
    await subject.befriend(romeo, juliet)
    const item = `<item jid='block-juliet@${DOMAIN}'/>`
    const told = async (stanza: string) => unordered(await say(romeo, stanza))
    const empty = await told(blocklist)
    const blocked = await told(block('block', item))
    const other = unordered(await juliet.settle())
    const write = `<message type='chat' id='m' to='block-juliet@${DOMAIN}'><body>x</body></message>`
    const knock = (inside: string) => say(juliet, inside).then((all) => all.map(word))
    return {
      empty,
      blocked,
      'who is blocked is told': other,
      list: await told(blocklist),
      'a message to the blocked': shapes(await say(romeo, write)),
      'a message of the blocked': await knock(
        `<message type='chat' to='block-romeo@${DOMAIN}'><body>x</body></message>`,
      ),
      'a headline of the blocked': await knock(
        `<message type='headline' to='block-romeo@${DOMAIN}'><body>x</body></message>`,
      ),
      'an iq of the blocked': await knock(
        `<iq type='get' id='k' to='block-romeo@${DOMAIN}/desk'><ping xmlns='urn:xmpp:ping'/></iq>`,
      ),
      'presence of the blocked': await knock(`<presence to='block-romeo@${DOMAIN}'/>`),
      'what came of it': unordered(await romeo.settle()),
      'blocking nobody': (await say(romeo, block('block', ''))).map(word),
      'a malformed address': (await say(romeo, block('block', "<item jid='@b'/>"))).map(word),
      unblocked: await told(block('unblock', item)),
      'who was blocked is told': unordered(await juliet.settle()),
      'blocked again': await told(block('block', item)),
      'unblocking all': await told(block('unblock', '')),
      'in the end': await told(blocklist),
    }
  },
  differences: {
    blocked: {
      theirs: [
        "<iq type='result'/>",
        "<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></block></iq>",
      ],
      ours: [
        "<iq type='result'/>",
        "<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></block></iq>",
        "<presence from='block-juliet@localhost/desk' type='unavailable'/>",
      ],
      why: "XEP-0191 §3.3: the contact's presence is not delivered from then on, so the last that was shown is taken back; no rule forbids it.",
    },
    unblocked: {
      theirs: [
        "<iq type='result'/>",
        "<iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></unblock></iq>",
      ],
      ours: [
        "<iq type='result'/>",
        "<iq type='set'><unblock xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></unblock></iq>",
        "<presence from='block-juliet@localhost/desk'/>",
      ],
      why: "XEP-0191 §3.4: communication goes on, and RFC 6121 §4.3.2 has the contact's presence answered to a subscriber.",
    },
    'blocked again': {
      theirs: [
        "<iq type='result'/>",
        "<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></block></iq>",
      ],
      ours: [
        "<iq type='result'/>",
        "<iq type='set'><block xmlns='urn:xmpp:blocking'><item jid='block-juliet@localhost'/></block></iq>",
        "<presence from='block-juliet@localhost/desk' type='unavailable'/>",
      ],
      why: "XEP-0191 §3.3: the contact's presence is not delivered from then on, so the last that was shown is taken back; no rule forbids it.",
    },
    'unblocking all': {
      theirs: ["<iq type='result'/>", "<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>"],
      ours: [
        "<iq type='result'/>",
        "<iq type='set'><unblock xmlns='urn:xmpp:blocking'/></iq>",
        "<presence from='block-juliet@localhost/desk'/>",
      ],
      why: "XEP-0191 §3.5: communication goes on, and RFC 6121 §4.3.2 has the contact's presence answered to a subscriber.",
    },
  },
}

const NS_CARBONS = 'urn:xmpp:carbons:2'

export const carbons: Topic = {
  title: 'Carbons',
  specs: 'XEP-0280',
  async dialogue(subject) {
    const desk = await subject.online('carbon-romeo')
    const phone = await subject.online('carbon-romeo', 'phone')
    const juliet = await subject.online('carbon-juliet')
    await desk.settle()
    const answers: Record<string, unknown> = {
      enable: await ask(phone, 'set', `<enable xmlns='${NS_CARBONS}'/>`),
      'enable again': await ask(phone, 'set', `<enable xmlns='${NS_CARBONS}'/>`),
    }
    const send = async (name: string, from: typeof desk, to: string, type: string, inside = '') => {
      await say(from, `<message type='${type}' to='${to}'><body>x</body>${inside}</message>`)
      const others = []
      for (const one of [desk, phone, juliet]) others.push(shapes(await one.settle()))
      answers[name] = others
    }
    const romeo = `carbon-romeo@${DOMAIN}/desk`
    const other = `carbon-juliet@${DOMAIN}`
    await send('sent', desk, other, 'chat')
    await send('received', juliet, romeo, 'chat')
    await send('to the account', juliet, `carbon-romeo@${DOMAIN}`, 'chat')
    await send('normal', juliet, romeo, 'normal')
    await send('headline', juliet, romeo, 'headline')
    await send('groupchat', juliet, romeo, 'groupchat')
    await send('private', desk, other, 'chat', `<private xmlns='${NS_CARBONS}'/>`)
    await send('private, received', juliet, romeo, 'chat', `<private xmlns='${NS_CARBONS}'/>`)
    await send('not to be copied', desk, other, 'chat', `<no-copy xmlns='urn:xmpp:hints'/>`)
    answers.disable = await ask(phone, 'set', `<disable xmlns='${NS_CARBONS}'/>`)
    await send('disabled', desk, other, 'chat')
    return answers
  },
  differences: {
    'to the account': {
      theirs: [
        ["<message from='carbon-juliet@localhost/desk' type='chat'><body>x</body></message>"],
        ["<message from='carbon-juliet@localhost/desk' type='chat'><body>x</body></message>"],
        [],
      ],
      ours: [
        ["<message from='carbon-juliet@localhost/desk' type='chat'><body>x</body></message>"],
        [
          "<message type='chat'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' from='carbon-juliet@localhost/desk' type='chat'><body>x</body></message></forwarded></received></message>",
        ],
        [],
      ],
      why: 'XEP-0280 §7: a copy goes to the enabled resources that did not get the message itself; RFC 6121 §8.5.2.1.1 lets the server choose the most available one.',
    },
    private: {
      theirs: [
        [],
        [],
        ["<message from='carbon-romeo@localhost/desk' type='chat'><body>x</body></message>"],
      ],
      ours: [
        [],
        [],
        [
          "<message from='carbon-romeo@localhost/desk' type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>",
        ],
      ],
      why: 'XEP-0280 §9: private is no longer removed, for its removal hid what the sender did.',
    },
    'private, received': {
      theirs: [
        ["<message from='carbon-juliet@localhost/desk' type='chat'><body>x</body></message>"],
        [],
        [],
      ],
      ours: [
        [
          "<message from='carbon-juliet@localhost/desk' type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>",
        ],
        [],
        [],
      ],
      why: 'XEP-0280 §9: private is no longer removed, for its removal hid what the sender did.',
    },
  },
}

export const queries: Topic = {
  title: 'vCards, private storage, last activity, time and version',
  specs: 'XEP-0054, XEP-0049, XEP-0012, XEP-0202, XEP-0092',
  async dialogue(subject) {
    const romeo = await subject.online('query-romeo')
    await subject.register('query-juliet')
    const told = async (type: string, inside: string, to = '') => {
      const address = to === '' ? '' : ` to='${to}'`
      const heard = await say(romeo, `<iq type='${type}' id='q'${address}>${inside}</iq>`)
      return heard.map((one) => (one.attr('type') === 'error' ? word(one) : shapes([one]).join('')))
    }
    const known = async (inside: string, to: string) => {
      const [answer] = await say(romeo, `<iq type='get' id='q' to='${to}'>${inside}</iq>`)
      const names = [...(answer?.elements() ?? [])].flatMap((one) => [...one.elements()])
      return [answer && word(answer), ...names.map(({ name }) => name).sort()]
    }
    const card = (inside: string) => `<vCard xmlns='vcard-temp'>${inside}</vCard>`
    const kept = (inside: string) => `<query xmlns='jabber:iq:private'>${inside}</query>`
    const last = `<query xmlns='jabber:iq:last'/>`
    const juliet = `query-juliet@${DOMAIN}`
    return {
      'no vCard': await told('get', card('')),
      'a vCard is set': await told('set', card('<FN>Romeo</FN>')),
      'the own vCard': await told('get', card('')),
      'the vCard of one who has none': await told('get', card(''), juliet),
      'the vCard of nobody': await told('get', card(''), `query-nobody@${DOMAIN}`),
      "another's vCard is set": await told('set', card('<FN>x</FN>'), juliet),
      'nothing is kept': await told('get', kept(`<a xmlns='u:a'/>`)),
      'it is kept': await told('set', kept(`<a xmlns='u:a'><b>c</b></a>`)),
      'it is got': await told('get', kept(`<a xmlns='u:a'/>`)),
      'nothing is asked for': await told('get', kept('')),
      'two are asked for': await told('get', kept(`<a xmlns='u:a'/><b xmlns='u:b'/>`)),
      'nothing is to be kept': await told('set', kept('')),
      "another's storage": await told('get', kept(`<a xmlns='u:a'/>`), juliet),
      "a stranger's last activity": await told('get', last, juliet),
      "nobody's last activity": await told('get', last, `query-nobody@${DOMAIN}`),
      'the own last activity': await told('get', last, `query-romeo@${DOMAIN}`),
      "the server's uptime": word(await romeo.iq('get', last, DOMAIN)),
      time: await known(`<time xmlns='urn:xmpp:time'/>`, DOMAIN),
      'time is set': await told('set', `<time xmlns='urn:xmpp:time'/>`, DOMAIN),
      version: (await known(`<query xmlns='jabber:iq:version'/>`, DOMAIN)).filter(
        (one) => one !== 'os',
      ),
      'version is set': await told('set', `<query xmlns='jabber:iq:version'/>`, DOMAIN),
    }
  },
  differences: {
    'the vCard of one who has none': {
      theirs: ['error cancel item-not-found'],
      ours: ['error cancel service-unavailable'],
      why: 'XEP-0054 §3.3: the answer is the same as for nobody, and for nobody RFC 6121 §8.5.1 has service-unavailable.',
    },
    'the vCard of nobody': {
      theirs: ['error cancel item-not-found'],
      ours: ['error cancel service-unavailable'],
      why: 'XEP-0054 §3.3: service-unavailable MUST be used for an account that does not exist (RFC 6121 §8.5.1).',
    },
    'nothing is asked for': {
      theirs: ['error modify bad-format'],
      ours: ['error modify bad-request'],
      why: 'RFC 6120 §8.3.3: bad-format is no condition of stanzas; bad-request is.',
    },
    'two are asked for': {
      theirs: ['error modify bad-format'],
      ours: [
        "<iq type='result'><query xmlns='jabber:iq:private'><a xmlns='u:a'><b>c</b></a><b xmlns='u:b'/></query></iq>",
      ],
      why: 'XEP-0049 §2.3: a client must not ask for two, and no error is defined: the server answers what it can.',
    },
    'nothing is to be kept': {
      theirs: ['error modify bad-format'],
      ours: ['error modify not-acceptable'],
      why: 'XEP-0049 §2.3: without a child the server MUST answer not-acceptable.',
    },
    "another's storage": {
      theirs: ['error cancel service-unavailable'],
      ours: ['error auth forbidden'],
      why: 'XEP-0049 §2.3: forbidden is preferable to service-unavailable.',
    },
  },
}
