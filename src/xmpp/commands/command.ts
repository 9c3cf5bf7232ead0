/** A command that somebody may run from his client (XEP-0050): it asks with one form after the other, then acts. */
import type { BareJid, Jid } from '../../core/address.ts'
import type { Answers, Form } from '../forms/form.ts'

export interface Caller {
  readonly from: Jid
  /** The domain that the command was sent to. */
  readonly domain: BareJid
}

export interface Outcome {
  readonly note?: { readonly type: 'info' | 'warn' | 'error'; readonly text: string }
  readonly form?: Form
}

export interface Command {
  readonly node: string
  /** For people. */
  readonly name: string
  mayRun(caller: Caller): boolean
  /** The forms, in order; none where the command acts at once. */
  forms(caller: Caller): readonly Form[]
  /** Throws `StanzaError` to refuse. */
  run(caller: Caller, answers: Answers): Promise<Outcome>
}
