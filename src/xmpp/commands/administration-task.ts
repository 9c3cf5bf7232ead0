/** What the commands of administrators have in common (XEP-0133). */
import { DirectoryError } from '../../directory/errors.ts'
import { notAcceptable, StanzaError } from '../errors.ts'
import type { Answers, Field } from '../forms/form.ts'
import type { ModuleContext } from '../module.ts'
import type { Caller, Outcome } from './command.ts'

/** Where it is written down who did what. */
export interface CommandAudit {
  append(entry: {
    readonly actor: string
    readonly action: string
    readonly target: string
    readonly outcome: string
    readonly source: string
  }): Promise<void>
}

export type Context = Pick<
  ModuleContext,
  'directory' | 'sessions' | 'rosters' | 'config' | 'audit' | 'everybody' | 'notices'
>

export interface Run {
  readonly context: Context
  readonly caller: Caller
  readonly answers: Answers
  readonly node: string
}

export interface Task {
  readonly node: string
  readonly name: string
  /** Of its form; of none where there are none. */
  readonly fields?: readonly Field[] | ((caller: Caller) => readonly Field[])
  run(run: Run): Promise<Outcome>
}

/** Written down with how it ended; a refusal of the directory in XMPP's words. */
export async function audited(run: Run, target: string, work: () => Promise<void>): Promise<void> {
  const { context, caller, node } = run
  const note = (outcome: string) =>
    context.audit?.append({
      actor: caller.from.bare,
      action: `xmpp ${node}`,
      target,
      outcome,
      source: 'xmpp',
    })
  try {
    await work()
  } catch (error) {
    await note(error instanceof DirectoryError ? error.code : 'failed')
    throw error instanceof DirectoryError ? refusal(error) : error
  }
  await note('done')
}

function refusal({ code, message }: DirectoryError): StanzaError {
  switch (code) {
    case 'USER_EXISTS':
    case 'ADDRESS_TAKEN':
      return new StanzaError('cancel', 'conflict', message)
    case 'NO_SUCH_USER':
    case 'NO_SUCH_DOMAIN':
      return new StanzaError('cancel', 'item-not-found', message)
    case 'BUSY':
      return new StanzaError('wait', 'resource-constraint', message)
    default:
      return notAcceptable(message)
  }
}
