/**
 * The same dialogues with Debian's Prosody and with Heliograph. Where the answers differ, the specification says why
 * ours is right: an unlisted difference fails, and so does a listed one that is no more.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { startHeliograph, startProsody } from './rig.ts'
import type { Topic } from './topic.ts'
import { TOPICS } from './topics/index.ts'

const [prosody, heliograph] = await Promise.all([startProsody(), startHeliograph()])
after(async () => {
  await prosody[Symbol.asyncDispose]()
  await heliograph[Symbol.asyncDispose]()
})

for (const topic of TOPICS) {
  test(`${topic.title} (${topic.specs})`, { timeout: 10_000 }, () => compare(topic))
}

async function compare({ dialogue, differences }: Topic): Promise<void> {
  const [theirs, ours] = await Promise.all([dialogue(prosody), dialogue(heliograph)])
  await Promise.all([prosody.hangUp(), heliograph.hangUp()])
  const questions = Object.keys(ours)
  const found = questions
    .filter((one) => JSON.stringify(theirs[one]) !== JSON.stringify(ours[one]))
    .map((one) => [one, { theirs: theirs[one], ours: ours[one] }])
  const listed = Object.entries(differences).map(([one, { theirs, ours }]) => [
    one,
    { theirs, ours },
  ])
  assert.deepEqual(Object.fromEntries(found), Object.fromEntries(listed))
}
