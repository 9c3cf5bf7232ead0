import { DOMAIN } from '../rig.ts'
import { say, shapes, type Topic, unordered } from '../topic.ts'

const ROSTER = `<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`

export const subscriptions: Topic = {
  title: 'Presence subscriptions',
  specs: 'RFC 6121 §3',
  async dialogue(subject) {
    const romeo = await subject.online('sub-romeo')
    const juliet = await subject.online('sub-juliet')
    for (const one of [romeo, juliet]) await say(one, ROSTER)
    const answers: Record<string, unknown> = {}
    const step = async (name: string, who: typeof romeo, type: string, to: string) => {
      const own = unordered(await say(who, `<presence type='${type}' to='${to}@${DOMAIN}'/>`))
      const other = who === romeo ? juliet : romeo
      answers[name] = { own, other: unordered(await other.settle()) }
    }
    await step('subscribe', romeo, 'subscribe', 'sub-juliet')
    await step('subscribe again', romeo, 'subscribe', 'sub-juliet')
    await step('subscribed', juliet, 'subscribed', 'sub-romeo')
    await step('subscribed again', juliet, 'subscribed', 'sub-romeo')
    await step('subscribe where one is subscribed', romeo, 'subscribe', 'sub-juliet')
    await step('subscribe back', juliet, 'subscribe', 'sub-romeo')
    await step('subscribed back', romeo, 'subscribed', 'sub-juliet')
    await step('unsubscribe', romeo, 'unsubscribe', 'sub-juliet')
    await step('unsubscribe again', romeo, 'unsubscribe', 'sub-juliet')
    await step('unsubscribed', romeo, 'unsubscribed', 'sub-juliet')
    await step('unsubscribed again', romeo, 'unsubscribed', 'sub-juliet')
    await step('refuse', romeo, 'subscribe', 'sub-juliet')
    await step('refused', juliet, 'unsubscribed', 'sub-romeo')
    await step('approve before', juliet, 'subscribed', 'sub-romeo')
    await step('subscribe what is approved', romeo, 'subscribe', 'sub-juliet')
    await step('oneself', romeo, 'subscribe', 'sub-romeo')
    answers.roster = shapes(await say(romeo, ROSTER))
    return answers
  },
  differences: {
    subscribe: {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
          "<presence from='sub-juliet@localhost' type='unavailable'/>",
        ],
        other: ["<presence from='sub-romeo@localhost' type='subscribe'/>"],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
        ],
        other: ["<presence from='sub-romeo@localhost' type='subscribe'/>"],
      },
      why: 'RFC 6121 §3.1.3: until the contact decides the user is told nothing.',
    },
    'subscribe again': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
          "<presence from='sub-juliet@localhost' type='unavailable'/>",
        ],
        other: [],
      },
      ours: { own: [], other: [] },
      why: 'RFC 6121 §2.1.6: a push tells of an item that has changed; this one has not.',
    },
    'subscribed again': {
      theirs: { own: [], other: ["<presence from='sub-juliet@localhost/desk'/>"] },
      ours: { own: [], other: [] },
      why: 'RFC 6121 Appendix A.2: what changes nothing is not passed on.',
    },
    'subscribe where one is subscribed': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='to'/></query></iq>",
          "<presence from='sub-juliet@localhost/desk'/>",
          "<presence from='sub-juliet@localhost/desk'/>",
        ],
        other: [],
      },
      ours: { own: ["<presence from='sub-juliet@localhost/desk'/>"], other: [] },
      why: 'RFC 6121 §2.1.6: nothing has changed, so nothing is pushed.',
    },
    'subscribe back': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-romeo@localhost' subscription='from'/></query></iq>",
          "<presence from='sub-romeo@localhost' type='unavailable'/>",
        ],
        other: ["<presence from='sub-juliet@localhost' type='subscribe'/>"],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-romeo@localhost' subscription='from'/></query></iq>",
        ],
        other: ["<presence from='sub-juliet@localhost' type='subscribe'/>"],
      },
      why: 'RFC 6121 §3.1.3: until the contact decides the user is told nothing.',
    },
    'subscribed back': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='both'/></query></iq>",
          "<presence from='sub-juliet@localhost/desk'/>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='both'/></query></iq>",
          "<presence from='sub-romeo@localhost' type='subscribed'/>",
          "<presence from='sub-romeo@localhost/desk'/>",
        ],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='both'/></query></iq>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='both'/></query></iq>",
          "<presence from='sub-romeo@localhost' type='subscribed'/>",
          "<presence from='sub-romeo@localhost/desk'/>",
        ],
      },
      why: 'RFC 6121 §3.1.5: presence goes to the one who was approved, not back.',
    },
    unsubscribe: {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='from'/></query></iq>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='to'/></query></iq>",
          "<presence from='sub-romeo@localhost' type='unsubscribe'/>",
        ],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='from'/></query></iq>",
          "<presence from='sub-juliet@localhost/desk' type='unavailable'/>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='to'/></query></iq>",
          "<presence from='sub-romeo@localhost' type='unsubscribe'/>",
        ],
      },
      why: "RFC 6121 §3.3.3: the contact's server sends unavailable presence of all resources to the one who unsubscribed.",
    },
    'unsubscribe again': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='from'/></query></iq>",
        ],
        other: [],
      },
      ours: { own: [], other: [] },
      why: 'RFC 6121 §2.1.6: a push tells of an item that has changed; this one has not.',
    },
    refuse: {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
          "<presence from='sub-juliet@localhost' type='unavailable'/>",
        ],
        other: ["<presence from='sub-romeo@localhost' type='subscribe'/>"],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
        ],
        other: ["<presence from='sub-romeo@localhost' type='subscribe'/>"],
      },
      why: 'RFC 6121 §3.1.3: until the contact decides the user is told nothing.',
    },
    'approve before': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='none'/></query></iq>",
        ],
        other: [],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item approved='true' jid='sub-romeo@localhost' subscription='none'/></query></iq>",
        ],
        other: [],
      },
      why: "RFC 6121 §3.4.2: the push of a pre-approval has approved='true'.",
    },
    'subscribe what is approved': {
      theirs: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='to'/></query></iq>",
          "<presence from='sub-juliet@localhost' type='subscribed'/>",
          "<presence from='sub-juliet@localhost/desk'/>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-romeo@localhost' subscription='from'/></query></iq>",
        ],
      },
      ours: {
        own: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='sub-juliet@localhost' subscription='none'/></query></iq>",
          "<iq type='set'><query xmlns='jabber:iq:roster'><item jid='sub-juliet@localhost' subscription='to'/></query></iq>",
          "<presence from='sub-juliet@localhost' type='subscribed'/>",
          "<presence from='sub-juliet@localhost/desk'/>",
        ],
        other: [
          "<iq type='set'><query xmlns='jabber:iq:roster'><item approved='true' jid='sub-romeo@localhost' subscription='from'/></query></iq>",
        ],
      },
      why: 'RFC 6121 §2.1.2.1: the item says that it is approved.',
    },
    oneself: {
      theirs: {
        own: [
          "<presence type='error'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        ],
        other: [],
      },
      ours: {
        own: [
          "<presence type='error'><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        ],
        other: [],
      },
      why: 'RFC 6120 §8.3.3.10: not-allowed is for what nobody may do; the stanza is well-formed.',
    },
  },
}

export const presence: Topic = {
  title: 'Presence, probes and directed presence',
  specs: 'RFC 6121 §4',
  async dialogue(subject) {
    const romeo = await subject.online('pres-romeo')
    const juliet = await subject.online('pres-juliet')
    await subject.register('pres-tybalt')
    await subject.befriend(romeo, juliet)
    const tybalt = await subject.online('pres-tybalt')
    const answers: Record<string, unknown> = {}
    const step = async (name: string, who: typeof romeo, stanza: string) => {
      const own = unordered(await say(who, stanza))
      const others = [romeo, juliet, tybalt].filter((one) => one !== who)
      const heard: string[][] = []
      for (const one of others) heard.push(unordered(await one.settle()))
      answers[name] = { own, heard }
    }
    const at = (user: string) => `to='pres-${user}@${DOMAIN}'`
    await step(
      'away',
      romeo,
      `<presence><show>away</show><status>x</status><priority>3</priority></presence>`,
    )
    await step('a show that is none', romeo, `<presence><show>sad</show></presence>`)
    await step('a priority that is none', romeo, `<presence><priority>999</priority></presence>`)
    await step('an unknown type', romeo, `<presence type='sad'/>`)
    await step('a probe of a friend', romeo, `<presence type='probe' ${at('juliet')}/>`)
    await step('a probe of a stranger', tybalt, `<presence type='probe' ${at('juliet')}/>`)
    await step('a probe of nobody', tybalt, `<presence type='probe' ${at('nobody')}/>`)
    await step('directed', romeo, `<presence ${at('tybalt')}><status>here</status></presence>`)
    await step('directed to a resource', romeo, `<presence to='pres-tybalt@${DOMAIN}/desk'/>`)
    await step('directed to nobody', romeo, `<presence ${at('nobody')}/>`)
    await step('gone', romeo, `<presence type='unavailable'><status>bye</status></presence>`)
    await step('gone again', romeo, `<presence type='unavailable'/>`)
    await step('back', romeo, `<presence/>`)
    await romeo.cut()
    // The server hears of it when it hears of it; what comes is the same.
    answers['the connection broke'] = shapes([await juliet.expectPresence('unavailable')])
    return answers
  },
  differences: {
    'a show that is none': {
      theirs: {
        own: ["<presence from='pres-romeo@localhost/desk'><show>sad</show></presence>"],
        heard: [["<presence from='pres-romeo@localhost/desk'><show>sad</show></presence>"], []],
      },
      ours: {
        own: [
          "<presence type='error'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        ],
        heard: [[], []],
      },
      why: 'RFC 6121 §4.7.2.1: a show is one of four words.',
    },
    'a priority that is none': {
      theirs: {
        own: ["<presence from='pres-romeo@localhost/desk'><priority>999</priority></presence>"],
        heard: [
          ["<presence from='pres-romeo@localhost/desk'><priority>999</priority></presence>"],
          [],
        ],
      },
      ours: {
        own: [
          "<presence type='error'><error type='modify'><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
        ],
        heard: [[], []],
      },
      why: 'RFC 6121 §4.7.2.3: a priority is from -128 to 127.',
    },
    'a probe of a stranger': {
      theirs: { own: [], heard: [[], []] },
      ours: {
        own: ["<presence from='pres-juliet@localhost' type='unsubscribed'/>"],
        heard: [[], []],
      },
      why: 'RFC 6121 §4.3.2: the answer SHOULD be unsubscribed.',
    },
    'a probe of nobody': {
      theirs: { own: [], heard: [[], []] },
      ours: {
        own: ["<presence from='pres-nobody@localhost' type='unsubscribed'/>"],
        heard: [[], []],
      },
      why: 'RFC 6121 §4.3.2: as to a stranger, which does not tell them apart.',
    },
    'gone again': {
      theirs: {
        own: ["<presence from='pres-romeo@localhost/desk' type='unavailable'/>"],
        heard: [["<presence from='pres-romeo@localhost/desk' type='unavailable'/>"], []],
      },
      ours: { own: [], heard: [[], []] },
      why: 'RFC 6121 §4.5.2: unavailable presence is broadcast where the resource was available.',
    },
  },
}
