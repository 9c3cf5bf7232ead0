/** The nodes of domains and accounts that modules answer for (XEP-0030 §3.2, §4.2). */
import type { Element } from '../../xml/element.ts'
import type { IqRequest } from './iq-handlers.ts'

/** What stands in the answer; who may ask is each node's own to say. Throws `StanzaError` to refuse. */
export interface DiscoNode {
  info?(request: IqRequest): readonly Element[] | Promise<readonly Element[]>
  items?(request: IqRequest): readonly Element[] | Promise<readonly Element[]>
}

export type DiscoScope = 'server' | 'account'

export class DiscoNodes {
  readonly #nodes = new Map<string, DiscoNode>()

  /** Throws where the node is taken. */
  add(scope: DiscoScope, node: string, answers: DiscoNode): void {
    const place = `${scope} ${node}`
    if (this.#nodes.has(place)) throw new Error(`two modules answer for the node ${place}`)
    this.#nodes.set(place, answers)
  }

  find(scope: DiscoScope, node: string | undefined): DiscoNode | undefined {
    return node === undefined ? undefined : this.#nodes.get(`${scope} ${node}`)
  }
}
