/** What clients say, from the bytes that come to the bytes that go. */
import { type MemorySocket, until } from './memory-socket.ts'
import type { Operation, Run } from './operation.ts'
import { XmppClients } from './xmpp-clients.ts'

/** Messages that are on their way at a time, as in a busy chat. */
const WINDOW = 10
const CONTACTS = 200

const CHAT = Buffer.from(
  `<message to='bob@example.com/desk' type='chat' id='m1'><body>${'x'.repeat(100)}</body></message>`,
)

const PRESENCES = ['Lunch', 'Train'].map((status) =>
  Buffer.from(`<presence><show>away</show><status>${status}</status></presence>`),
)

/** `act` is done when each of the readers has been sent as much as the first time. */
async function exchange(readers: readonly MemorySocket[], act: () => void): Promise<Run> {
  const expected: number[] = []
  const run = () => {
    const goals = readers.map(({ wire }, at) => wire.bytes + (expected[at] ?? 1))
    act()
    return until(() => readers.every(({ wire }, at) => wire.bytes >= (goals[at] ?? 0)))
  }
  const before = readers.map(({ wire }) => wire.bytes)
  await run()
  expected.push(...readers.map(({ wire }, at) => wire.bytes - (before[at] ?? 0)))
  return run
}

async function chatting(): Promise<Run> {
  const clients = await XmppClients.open()
  const alice = await clients.signIn('alice')
  const bob = await clients.signIn('bob')
  return exchange([bob], () => {
    for (let sent = 0; sent < WINDOW; sent += 1) alice.says(CHAT)
  })
}

async function telling(): Promise<Run> {
  const clients = await XmppClients.open()
  const names = Array.from({ length: CONTACTS }, (_, at) => `user${at}`)
  const alice = await clients.signIn('alice')
  await clients.befriend('alice', names)
  const watchers: MemorySocket[] = []
  for (const name of names) watchers.push(await clients.signIn(name))
  let told = 0
  return exchange(watchers, () => {
    const presence = PRESENCES[told++ % PRESENCES.length]
    if (presence) alice.says(presence)
  })
}

export const xmppStreams: readonly Operation[] = [
  { name: 'xmpp: a chat message, in and out', perRun: WINDOW, setUp: chatting },
  { name: 'xmpp: a presence to one of 200 contacts', perRun: CONTACTS, setUp: telling },
]
