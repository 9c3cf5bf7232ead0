/** Reads location paths (RFC 5261 §8, RFC 4661 §5); white space may stand wherever XPath allows it. */
import { isNcName } from '../syntax.ts'
import {
  attributeKey,
  type Comparison,
  MAX_COMPARISONS,
  MAX_PATH_LENGTH,
  type Name,
  type Namespaces,
  type NodeTest,
  type Operand,
  type Path,
  PathError,
  type Predicate,
  type Step,
} from './path.ts'

/** Throws `PathError`. */
export function parsePath(text: string, namespaces: Namespaces): Path {
  if (text.length > MAX_PATH_LENGTH) throw new PathError('syntax', 'the path is too long')
  return new PathReader(text.trim(), namespaces).path()
}

/** `@name` or `@p:name` (RFC 5261 §4.3). Throws `PathError`. */
export function parseAttributeName(text: string, namespaces: Namespaces): string {
  const reader = new PathReader(text, namespaces)
  const test = reader.nodeTest()
  reader.end()
  if (test.kind === 'attribute') return test.key
  throw new PathError('syntax', 'an attribute is named')
}

const TOKEN = /\s*(\/\/|\/|\.\.|[.@*[\]()=<>]|::|"[^"]*"|'[^']*'|[^\s/@[\]()=<>"'*]+)/y
const COMPARED = /^[=<>]$/
const QUOTED = /^["']/

class PathReader {
  readonly #text: string
  readonly #namespaces: Namespaces
  #at = 0
  #comparisons = 0

  constructor(text: string, namespaces: Namespaces) {
    this.#text = text
    this.#namespaces = namespaces
  }

  path(): Path {
    const steps: Step[] = []
    let deep = this.#take('//')
    if (!deep) this.#take('/')
    for (;;) {
      const last = steps.at(-1)?.test.kind
      if (last !== undefined && last !== 'element') this.#fail()
      steps.push(this.#step(deep))
      deep = this.#take('//')
      if (!deep && !this.#take('/')) break
    }
    this.end()
    return steps
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail()
  }

  #step(deep: boolean): Step {
    const test = this.nodeTest()
    const predicates: Predicate[] = []
    while (this.#take('[')) {
      predicates.push(this.#predicate())
      this.#require(']')
    }
    return { deep, test, predicates }
  }

  nodeTest(): NodeTest {
    if (this.#take('@')) return { kind: 'attribute', key: this.#attribute() }
    if (this.#take('*')) return { kind: 'element', name: ANY }
    const name = this.#word()
    if (name.startsWith('namespace::') && isNcName(name.slice(11))) return { kind: 'namespace' }
    return this.#take('(') ? this.#function(name) : { kind: 'element', name: this.#named(name) }
  }

  #function(name: string): NodeTest {
    if (name === 'id') throw new PathError('id-function', 'no attribute is known to be an ID')
    if (name === 'processing-instruction' && QUOTED.test(this.#peek() ?? '')) this.#next()
    this.#require(')')
    if (name === 'text' || name === 'comment' || name === 'processing-instruction') {
      return { kind: name }
    }
    return this.#fail()
  }

  #predicate(): Predicate {
    if (/^\d+$/.test(this.#peek() ?? '')) {
      return { kind: 'position', position: Number(this.#next()) }
    }
    const of: Comparison[][] = [[this.#comparison()]]
    for (;;) {
      if (this.#take('or')) of.push([this.#comparison()])
      else if (this.#take('and')) of.at(-1)?.push(this.#comparison())
      else return { kind: 'any', of }
    }
  }

  #comparison(): Comparison {
    this.#comparisons += 1
    if (this.#comparisons > MAX_COMPARISONS) {
      throw new PathError('syntax', 'the path has too many conditions')
    }
    const operand = this.#operand()
    const operator = this.#next()
    if (!isOperator(operator)) this.#fail()
    return { operand, operator, value: this.#value() }
  }

  #operand(): Operand {
    if (this.#take('.')) return { up: false, steps: [], attribute: undefined }
    if (this.#take('..')) return { up: true, steps: [], attribute: undefined }
    const steps: Name[] = []
    do {
      if (this.#take('@')) return { up: false, steps, attribute: this.#attribute() }
      steps.push(this.#take('*') ? ANY : this.#named(this.#word()))
    } while (this.#take('/'))
    return { up: false, steps, attribute: undefined }
  }

  /** RFC 4661 §5 has values without quotes, too. */
  #value(): string {
    const token = this.#next() ?? ''
    if (QUOTED.test(token)) return token.slice(1, -1)
    return /^[\w.+-]+$/.test(token) ? token : this.#fail()
  }

  #attribute(): string {
    const { prefix, local } = this.#qname(this.#word())
    return prefix === 'xml'
      ? `xml:${local}`
      : attributeKey(prefix === '' ? '' : this.#resolve(prefix), local)
  }

  #named(name: string): Name {
    const { prefix, local } = this.#qname(name)
    return { local, ns: this.#resolve(prefix) }
  }

  #qname(name: string): { prefix: string; local: string } {
    const colon = name.indexOf(':')
    const prefix = colon < 0 ? '' : name.slice(0, colon)
    const local = name.slice(colon + 1)
    if (!isNcName(local) || (colon >= 0 && !isNcName(prefix))) this.#fail()
    return { prefix, local }
  }

  #resolve(prefix: string): string {
    const ns = this.#namespaces(prefix)
    if (ns === undefined) throw new PathError('prefix', `the prefix ${prefix} is not bound`)
    return ns
  }

  #word(): string {
    const word = this.#next() ?? ''
    return /^[\p{L}_]/u.test(word) ? word : this.#fail()
  }

  #peek(): string | undefined {
    TOKEN.lastIndex = this.#at
    return TOKEN.exec(this.#text)?.[1]
  }

  #next(): string | undefined {
    const token = this.#peek()
    if (token !== undefined) this.#at = TOKEN.lastIndex
    return token
  }

  #take(wanted: string): boolean {
    if (this.#peek() !== wanted) return false
    this.#at = TOKEN.lastIndex
    return true
  }

  #require(wanted: string): void {
    if (!this.#take(wanted)) this.#fail()
  }

  #fail(): never {
    throw new PathError('syntax', `“${this.#text}” is no path at character ${this.#at + 1}`)
  }
}

const ANY: Name = { local: undefined, ns: '' }

function isOperator(token: string | undefined): token is Comparison['operator'] {
  return token !== undefined && COMPARED.test(token)
}
