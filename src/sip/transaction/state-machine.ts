/** For each state, the states that may follow it. */
export type Moves<S extends string> = Readonly<Record<S, readonly S[]>>

/** A state of a fixed set, and a guard on how it changes: an illegal move is a bug and throws. */
export class StateMachine<S extends string> {
  readonly #moves: Moves<S>
  #state: S

  constructor(initial: S, moves: Moves<S>) {
    this.#state = initial
    this.#moves = moves
  }

  get state(): S {
    return this.#state
  }

  /** Throws where the FSM has no arrow from the present state to `to`. */
  transition(to: S): void {
    if (!this.#moves[this.#state].includes(to)) {
      throw new Error(`no transition from ${this.#state} to ${to}`)
    }
    this.#state = to
  }
}
