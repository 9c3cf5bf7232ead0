/** Content-Type and Accept (RFC 3261 §20.1, §20.15). */
import { NO_PARAMS, type Params, parseParams } from './grammar.ts'

export interface MediaType {
  /** `application/pidf+xml`: type and subtype, in lower case. */
  readonly type: string
  readonly params: Params
}

export interface MediaRange {
  /** In lower case; `application/*` or `*` + `/*` for ranges. */
  readonly type: string
  /** 0…1. */
  readonly q: number
  /** Without `q`. */
  readonly params: Params
}

const TYPE = /^[ \t]*([\w.!%*+`'~-]+)[ \t]*\/[ \t]*([\w.!%*+`'~-]+)[ \t]*/
const QVALUE = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/

export function parseMediaType(text: string): MediaType | undefined {
  const match = TYPE.exec(text)
  const params = match ? parseParams(text.slice(match[0].length)) : undefined
  if (!match || !params) return undefined
  return { type: `${match[1]}/${match[2]}`.toLowerCase(), params }
}

/** The ranges of an Accept header, as `headers.getAll('Accept')` gives them; malformed ones are left out. */
export function parseAccept(values: readonly string[]): MediaRange[] {
  return values.flatMap((value) => {
    const media = parseMediaType(value)
    if (!media) return []
    const { q, params } = takeQ(media.params)
    return [{ type: media.type, q, params }]
  })
}

function takeQ(params: Params): { q: number; params: Params } {
  const text = params.get('q')
  if (text === undefined) return { q: 1, params }
  const rest = params.size === 1 ? NO_PARAMS : new Map([...params].filter(([name]) => name !== 'q'))
  return { q: parseQ(text) ?? 1, params: rest }
}

/** A qvalue (§25.1); `undefined` where it is none. */
export function parseQ(text: string): number | undefined {
  return QVALUE.test(text) ? Number(text) : undefined
}

/** How much a client wants this type, 0…1: the most specific of its ranges decides. */
export function qualityOf(ranges: readonly MediaRange[], type: string): number {
  const wider = [type, `${type.slice(0, type.indexOf('/'))}/*`, '*/*']
  for (const candidate of wider) {
    const range = ranges.find((one) => one.type === candidate)
    if (range) return range.q
  }
  return 0
}
