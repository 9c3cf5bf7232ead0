/** RFC 4826 §4.5. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flatten, type ListReferences } from '../../src/formats/flat-list.ts'
import {
  type ListEntry,
  type ListMember,
  type ResourceList,
  ResourceListsError,
} from '../../src/formats/resource-lists.ts'

function entry(uri: string, displayName?: string): ListEntry {
  return { kind: 'entry', uri, displayName }
}

function list(...members: ListMember[]): ResourceList {
  return { kind: 'list', members }
}

const NOBODY: ListReferences = { entry: async () => undefined, list: async () => undefined }

async function urisOf(root: ResourceList, references?: ListReferences): Promise<string[]> {
  return (await flatten(root, references)).map(({ uri }) => uri)
}

function isKind(kind: ResourceListsError['kind']) {
  return (error: unknown) => error instanceof ResourceListsError && error.kind === kind
}

describe('the flat list (RFC 4826 §4.5)', () => {
  it('has each URI once, those of lists within lists included', async () => {
    const root = list(
      entry('sip:a@x'),
      list(entry('sip:b@x'), list(entry('sip:a@x'), entry('sip:c@x'))),
      entry('sip:A@x'),
    )
    assert.deepEqual(await urisOf(root), ['sip:a@x', 'sip:b@x', 'sip:c@x', 'sip:A@x'])
  })

  it('follows references, whose names are nicknames', async () => {
    const references: ListReferences = {
      entry: async (ref) => (ref === 'r' ? entry('sip:r@x', 'There') : undefined),
      list: async (anchor) => (anchor === 'http://x' ? list(entry('sip:far@x')) : undefined),
    }
    const root = list(
      { kind: 'entry-ref', ref: 'r', displayName: 'Here' },
      { kind: 'external', anchor: 'http://x' },
    )
    assert.deepEqual(await flatten(root, references), [
      entry('sip:r@x', 'Here'),
      entry('sip:far@x'),
    ])
  })

  it('leaves out what a reference leads to that is gone, and all references in a request', async () => {
    const root = list({ kind: 'entry-ref', ref: 'r' }, entry('sip:a@x'), {
      kind: 'external',
      anchor: 'http://x',
    })
    assert.deepEqual(await urisOf(root, NOBODY), ['sip:a@x'])
    assert.deepEqual(await urisOf(root), ['sip:a@x'])
  })

  it('is refused where a list elsewhere is reached twice', async () => {
    const circle: ListMember = { kind: 'external', anchor: 'http://x' }
    const references = { ...NOBODY, list: async () => list(entry('sip:a@x'), circle) }
    await assert.rejects(flatten(list(circle), references), isKind('circular'))
  })

  it('is refused where it is longer than the limit', async () => {
    const root = list(entry('sip:a@x'), entry('sip:b@x'), entry('sip:c@x'))
    assert.equal((await flatten(root, NOBODY, 3)).length, 3)
    await assert.rejects(flatten(root, NOBODY, 2), isKind('too-large'))
  })

  it('is refused where lists elsewhere go on and on', async () => {
    let made = 0
    const next = (): ResourceList =>
      list({ kind: 'external', anchor: `http://x/${made++}` }, entry('sip:a@x'))
    await assert.rejects(
      flatten(next(), { ...NOBODY, list: async () => next() }),
      isKind('too-large'),
    )
  })
})

it('follows so many references only (RFC 4826 §4.5)', async () => {
  const dead = (count: number) =>
    list(
      ...Array.from({ length: count }, (_, at) => ({ kind: 'entry-ref', ref: `r${at}` }) as const),
    )
  assert.deepEqual(await urisOf(dead(1_000), NOBODY), [])
  await assert.rejects(urisOf(dead(1_001), NOBODY), isKind('too-large'))
})
