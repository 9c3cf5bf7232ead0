/** What XEP-0479 (Compliance Suites 2023) asks of an advanced server: its providers, category by category. */

export interface Asked {
  readonly category: 'Core' | 'Web' | 'IM' | 'Mobile'
  readonly feature: string
  /** XEPs, any of which with the others beside it provide the feature. */
  readonly xeps: readonly number[]
  readonly rfcs?: readonly number[]
  /** Where it is not here: what comes. */
  readonly later?: string
}

const CHAT_ROOMS = 'chat rooms and publish-subscribe come next'

export const ADVANCED_SERVER: readonly Asked[] = [
  { category: 'Core', feature: 'Core features', xeps: [], rfcs: [6120] },
  { category: 'Core', feature: 'TLS', xeps: [], rfcs: [7590] },
  { category: 'Core', feature: 'Direct TLS', xeps: [368] },
  { category: 'Core', feature: 'Feature discovery', xeps: [30] },
  { category: 'Core', feature: 'Feature broadcasts', xeps: [115] },
  { category: 'Core', feature: 'Server extensibility', xeps: [114] },
  { category: 'Core', feature: 'Event publishing', xeps: [163], later: CHAT_ROOMS },
  { category: 'Web', feature: 'Web connection mechanisms', xeps: [124, 206], rfcs: [7395] },
  { category: 'Web', feature: 'Connection mechanism discovery', xeps: [156] },
  { category: 'IM', feature: 'Core features', xeps: [], rfcs: [6121] },
  { category: 'IM', feature: 'User avatar compatibility', xeps: [153] },
  { category: 'IM', feature: 'User avatar conversion', xeps: [398], later: CHAT_ROOMS },
  { category: 'IM', feature: 'vcard-temp', xeps: [54] },
  { category: 'IM', feature: 'Outbound message synchronization', xeps: [280] },
  { category: 'IM', feature: 'User blocking', xeps: [191] },
  { category: 'IM', feature: 'Group chat', xeps: [45], later: CHAT_ROOMS },
  { category: 'IM', feature: 'Advanced group chat', xeps: [48, 402], later: CHAT_ROOMS },
  { category: 'IM', feature: 'Private data by publish-subscribe', xeps: [223], later: CHAT_ROOMS },
  { category: 'IM', feature: 'Private XML storage', xeps: [49] },
  { category: 'IM', feature: 'Stream management', xeps: [198] },
  {
    category: 'IM',
    feature: 'History storage and retrieval',
    xeps: [313],
    later: 'comes with the archive',
  },
  { category: 'IM', feature: 'File upload', xeps: [363] },
  { category: 'Mobile', feature: 'Stream management', xeps: [198] },
  { category: 'Mobile', feature: 'Client state indication', xeps: [352] },
  { category: 'Mobile', feature: 'Third-party push notifications', xeps: [357] },
]
