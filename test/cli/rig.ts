/** The command that operators run, as a process of its own. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { runCli } from '../../src/cli/cli.ts'
import type { Command } from '../../src/cli/command.ts'

export const ROOT = join(import.meta.dirname, '../..')

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function run(program: readonly string[], input = ''): Promise<Ran> {
  const [command = '', ...args] = program
  const child = spawn(command, args, { cwd: ROOT, stdio: 'pipe' })
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const [out, err] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code: child.exitCode ?? -1, out, err }
}

/** `bin/heliograph` with the words of a line. */
export function ask(data: string, line: string, input?: string): Promise<Ran> {
  return run([join(ROOT, 'bin/heliograph'), '--data', data, ...wordsOf(line)], input)
}

/** The same without a process of its own, for the many. */
export async function askHere(data: string, line: string): Promise<Ran> {
  let [out, err] = ['', '']
  const print = {
    out: (text: string) => {
      out += `${text}\n`
    },
    err: (text: string) => {
      err += `${text}\n`
    },
  }
  const code = await runCli(['--data', data, ...wordsOf(line)], {}, print)
  return { code, out, err }
}

function wordsOf(line: string): string[] {
  return line === '' ? [] : line.split(' ')
}

/** What a command that has to work printed. */
export function doneBy(line: string, { code, out, err }: Ran): string {
  assert.equal(`${code} ${err}`, '0 ', line)
  return out
}

/** Names of those commands that no line began with. */
export function untried(commands: readonly Command[], lines: Iterable<string>): string[] {
  const all = [...lines].map((line) => `${line} `.replace(/^(\S+)\.sh /, '$1 '))
  return commands
    .map(({ path }) => path.join(' '))
    .filter((name) => !all.some((line) => line.startsWith(`${name} `)))
}
