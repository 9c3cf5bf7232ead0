import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 50
/** Long, for a machine that does much else; nothing waits for it that goes well. */
const DEADLINE_MS = 30_000

/** A terminal program under tmux: typed at by a test, read as a person reads the screen. */
export class Terminal implements Disposable {
  readonly #socket = `heliograph-${randomBytes(6).toString('hex')}`

  constructor(command: string) {
    this.#tmux('new-session', '-d', '-x', '160', '-y', '50', command)
  }

  /** Types a line and Enter. */
  type(line: string): void {
    this.#tmux('send-keys', '-l', line)
    this.#tmux('send-keys', 'Enter')
  }

  /** A key as tmux calls it: `M-n` is Alt and n. */
  press(key: string): void {
    this.#tmux('send-keys', key)
  }

  get screen(): string {
    return this.#tmux('capture-pane', '-p', '-S', '-500')
  }

  /** Resolves when the screen shows this. */
  async shows(pattern: RegExp): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS
    while (!pattern.test(this.screen)) {
      if (performance.now() > deadline) throw new Error(`no ${pattern} on:\n${this.screen}`)
      await pause(POLL_MS)
    }
  }

  [Symbol.dispose](): void {
    spawnSync('tmux', ['-L', this.#socket, 'kill-server'])
  }

  #tmux(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync('tmux', ['-L', this.#socket, ...args])
    if (status !== 0) throw new Error(`tmux ${args[0]}: ${stderr}`)
    return stdout.toString()
  }
}
