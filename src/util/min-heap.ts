/** A binary heap of numbers, smallest first. */
export class MinHeap {
  readonly #items: number[] = []

  peek(): number | undefined {
    return this.#items[0]
  }

  push(value: number): void {
    const items = this.#items
    let at = items.length
    items.push(value)
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = items[parent]
      if (above === undefined || above <= value) break
      items[at] = above
      at = parent
    }
    items[at] = value
  }

  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (last !== undefined && items.length > 0) this.#sink(last)
    return top
  }

  #sink(value: number): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      let below = items[child]
      if (below === undefined) break
      const right = items[child + 1]
      if (right !== undefined && right < below) {
        child += 1
        below = right
      }
      if (below >= value) break
      items[at] = below
      at = child
    }
    items[at] = value
  }
}
