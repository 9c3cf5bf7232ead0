/** A CPU profile of V8's as a flame graph (SVG without scripts), and as a list of what takes the most. */

/** What of a `.cpuprofile` counts here (DevTools protocol, Profiler.Profile). */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: {
      readonly functionName: string
      readonly url: string
      /** From zero. */
      readonly lineNumber: number
    }
    readonly children?: readonly number[]
  }[]
  /** Of each sample its node, and the microseconds since the sample before, or the start. */
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
  readonly startTime: number
  readonly endTime: number
}

/** A function as it was called by another; calls of the same one by the same one are one frame. */
export interface Frame {
  readonly name: string
  /** Microseconds. */
  selfUs: number
  totalUs: number
  readonly children: Map<string, Frame>
}

type Node = CpuProfile['nodes'][number]

export function parseCpuProfile(text: string): CpuProfile {
  return JSON.parse(text) as CpuProfile
}

/** The time in which nothing was done is left out. */
export function fold(profile: CpuProfile): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const selfUs = selfTimesOf(profile)
  const build = (frame: Frame, { id, children = [] }: Node): void => {
    frame.selfUs += selfUs.get(id) ?? 0
    for (const child of children) {
      const node = nodes.get(child)
      if (!node || node.callFrame.functionName === '(idle)') continue
      const name = nameOf(node)
      const known = frame.children.get(name) ?? newFrame(name)
      frame.children.set(name, known)
      build(known, node)
    }
  }
  const root = newFrame('all')
  if (profile.nodes[0]) build(root, profile.nodes[0])
  addUp(root)
  return root
}

/** A sample stands for the time until the next. */
function selfTimesOf({ samples, timeDeltas, startTime, endTime }: CpuProfile): Map<number, number> {
  const times = new Map<number, number>()
  let at = startTime
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0
    const lasted = timeDeltas[index + 1] ?? endTime - at
    times.set(id, (times.get(id) ?? 0) + Math.max(0, lasted))
  }
  return times
}

const newFrame = (name: string): Frame => ({ name, selfUs: 0, totalUs: 0, children: new Map() })

function addUp(frame: Frame): number {
  frame.totalUs = frame.selfUs
  for (const child of frame.children.values()) frame.totalUs += addUp(child)
  return frame.totalUs
}

/** `deliver src/core/messaging/messaging.ts:17`, `writeUtf8String`. */
function nameOf({ callFrame: { functionName, url, lineNumber } }: Node): string {
  const name = functionName || '(anonymous)'
  return url === '' ? name : `${name} ${shortPath(url)}:${lineNumber + 1}`
}

const ROOTS = ['/node_modules/', '/src/', '/bench/']

function shortPath(url: string): string {
  const at = ROOTS.map((root) => url.indexOf(root)).find((index) => index >= 0)
  return at === undefined ? url : url.slice(at + 1)
}

const LONGEST_LIST = 15

/** The biggest self times, wherever they were called from, a line each. */
export function selfTimes(root: Frame, title: string): string {
  const byName = new Map<string, number>()
  const add = ({ name, selfUs, children }: Frame): void => {
    byName.set(name, (byName.get(name) ?? 0) + selfUs)
    for (const child of children.values()) add(child)
  }
  add(root)
  const biggest = [...byName].toSorted((a, b) => b[1] - a[1]).slice(0, LONGEST_LIST)
  const lines = biggest
    .filter(([, us]) => us > 0)
    .map(([name, us]) => `${share(us, root).padStart(7)} ${milliseconds(us).padStart(10)}  ${name}`)
  const head = `${title}: self times, of ${milliseconds(root.totalUs)} in which the main thread was busy`
  return `${[head, ...lines].join('\n')}\n`
}

const ROW = 18
const HEAD = 40
/** Of the whole: what is narrower cannot be seen. */
const NARROWEST = 0.0005

/** Callers above, callees below; as wide as its window, so that the window's width is the zoom. */
export function flameGraph(root: Frame, title: string): string {
  const rows: string[] = []
  let depth = 0
  const draw = (frame: Frame, left: number, level: number): void => {
    depth = Math.max(depth, level)
    rows.push(drawn(frame, { root, left, level }))
    let x = left
    for (const child of [...frame.children.values()].toSorted((a, b) => b.totalUs - a.totalUs)) {
      if (child.totalUs < NARROWEST * root.totalUs) break
      draw(child, x, level + 1)
      x += child.totalUs
    }
  }
  draw(root, 0, 0)
  const height = HEAD + (depth + 1) * ROW
  const legend = 'ours orange, node_modules green, Node blue, V8 and native grey'
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="${height}" font-family="monospace" font-size="11">`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="4" y="16" font-size="14">${escaped(title)}: ${milliseconds(root.totalUs)} busy</text>`,
    `<text x="4" y="32">${legend}; point at a frame for its share</text>`,
    ...rows,
    '</svg>\n',
  ].join('\n')
}

/** An inner `svg` cuts its text off at its edge. */
function drawn(
  frame: Frame,
  { root, left, level }: { root: Frame; left: number; level: number },
): string {
  const percent = (us: number) => `${((us * 100) / Math.max(1, root.totalUs)).toFixed(3)}%`
  const { name, totalUs, selfUs } = frame
  const tip = `${name}\n${share(totalUs, root)}, ${milliseconds(totalUs)}; itself ${share(selfUs, root)}`
  return (
    `<svg x="${percent(left)}" y="${HEAD + level * ROW}" width="${percent(totalUs)}" height="${ROW - 1}">` +
    `<title>${escaped(tip)}</title><rect width="100%" height="100%" fill="${colourOf(name)}" stroke="#fff"/>` +
    `<text x="3" y="12">${escaped(name)} ${share(totalUs, root)}</text></svg>`
  )
}

function colourOf(name: string): string {
  if (name.includes(' src/')) return '#fdae6b'
  if (name.includes(' node_modules/')) return '#a1d99b'
  return name.includes(' node:') ? '#9ecae1' : '#d9d9d9'
}

const share = (us: number, root: Frame) =>
  `${((us * 100) / Math.max(1, root.totalUs)).toFixed(1)} %`
const milliseconds = (us: number) => `${(us / 1000).toFixed(1)} ms`
const escaped = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
