/** Challenges and credentials (RFC 3261 §20.7, §20.44, §25.1). */
import { isToken, type Params, trimSpace, unquote } from './grammar.ts'

export interface AuthValue {
  /** As written: `Digest`. */
  readonly scheme: string
  /** Names in lower case, values unquoted. */
  readonly params: Params
}

const PARAM = /[ \t]*([\w.!%*+`'~-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\[\s\S])*"|[^\s,"]*)[ \t]*(?:,|$)/y

/** One Authorization, Proxy-Authorization, WWW-Authenticate or Proxy-Authenticate field. */
export function parseAuthParams(text: string): AuthValue | undefined {
  const trimmed = trimSpace(text)
  const space = trimmed.search(/[ \t]/)
  const scheme = space < 0 ? trimmed : trimmed.slice(0, space)
  const params = parseAuthInfo(space < 0 ? '' : trimmed.slice(space))
  return params && isToken(scheme) ? { scheme, params } : undefined
}

/** `name=value, …` alone, as in Authentication-Info; `undefined` where malformed or a name comes twice. */
export function parseAuthInfo(text: string): Params | undefined {
  const params = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    PARAM.lastIndex = at
    const match = PARAM.exec(text)
    const name = match?.[1]?.toLowerCase()
    if (!match || name === undefined || params.has(name)) return undefined
    params.set(name, unquote(match[2] ?? ''))
    at = PARAM.lastIndex
  }
  return params
}
