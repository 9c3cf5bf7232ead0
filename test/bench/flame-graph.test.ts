import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CpuProfile, flameGraph, fold, selfTimes } from '../../bench/harness/flame-graph.ts'

const at = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber })

/** deliver → write (2 ms), deliver itself 1 ms; write by somebody else 1 ms; garbage 1 ms; idle 5 ms. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: at('(root)'), children: [2, 3, 4, 5, 8] },
    { id: 2, callFrame: at('(idle)') },
    { id: 3, callFrame: at('(garbage collector)') },
    { id: 4, callFrame: at('deliver', 'file:///home/x/src/core/deliver.ts', 9), children: [6] },
    { id: 5, callFrame: at('', 'node:net', 3), children: [7] },
    { id: 6, callFrame: at('write<T>') },
    { id: 7, callFrame: at('write<T>') },
    // The same function once more, as V8 has it where it was optimized in between.
    { id: 8, callFrame: at('deliver', 'file:///home/x/src/core/deliver.ts', 9), children: [9] },
    { id: 9, callFrame: at('write<T>') },
  ],
  samples: [2, 6, 4, 9, 7, 3],
  timeDeltas: [0, 5_000, 1_000, 1_000, 1_000, 1_000],
  startTime: 100,
  endTime: 10_100,
}

describe('a folded profile', () => {
  const root = fold(PROFILE)

  it('counts a sample until the next one, and no time in which nothing was done', () => {
    assert.equal(root.totalUs, 5_000)
    assert.equal(root.children.get('(idle)'), undefined)
    assert.equal(root.children.get('(garbage collector)')?.selfUs, 1_000)
  })

  it('has one frame for all calls of a function by the same caller', () => {
    const deliver = root.children.get('deliver src/core/deliver.ts:10')
    assert.deepEqual([deliver?.selfUs, deliver?.totalUs], [1_000, 3_000])
    assert.equal(deliver?.children.get('write<T>')?.totalUs, 2_000)
  })

  it('tells self times by function, whoever called it, the biggest first', () => {
    const [head, first, ...others] = selfTimes(root, 'chat').trimEnd().split('\n')
    assert.match(head ?? '', /^chat: .* 5\.0 ms/)
    assert.match(first ?? '', /^ +60\.0 % +3\.0 ms {2}write<T>$/)
    assert.equal(others.length, 2)
  })

  it('lists no more than fifteen', () => {
    const ids = Array.from({ length: 20 }, (_, n) => n + 2)
    const many = fold({
      nodes: [
        { id: 1, callFrame: at('(root)'), children: ids },
        ...ids.map((id) => ({ id, callFrame: at(`f${id}`) })),
      ],
      samples: ids,
      timeDeltas: ids.map(() => 10),
      startTime: 0,
      endTime: 200,
    })
    assert.equal(selfTimes(many, 'many').trimEnd().split('\n').length, 1 + 15)
  })
})

describe('a flame graph', () => {
  const svg = flameGraph(fold(PROFILE), 'a < b')

  it('is as wide as a frame took long, below its caller and beside those before it', () => {
    assert.match(svg, /<svg x="0.000%" y="58" width="60.000%" height="17"><title>deliver src/)
    assert.match(svg, /<svg x="0.000%" y="76" width="40.000%" height="17"><title>write/)
    assert.match(svg, /<svg x="60.000%" y="58" width="20.000%"/)
  })

  it('says name, share and time where it is pointed at', () => {
    assert.match(svg, /<title>deliver src\/core\/deliver.ts:10\n60.0 %, 3.0 ms; itself 20.0 %</)
  })

  it('is XML whatever functions are called', () => {
    assert.match(svg, /a &lt; b/)
    assert.match(svg, /write&lt;T&gt;/)
    assert.doesNotMatch(svg, /write<T>/)
  })
})
