/** Commands that are being run, one form at a time (XEP-0050 §3.4). */
import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../../util/clock.ts'
import { type Element, xml } from '../../xml/element.ts'
import { badRequest, resourceConstraint, StanzaError } from '../errors.ts'
import { type Answers, type Form, formElement, NS_FORM, submitted } from '../forms/form.ts'
import type { Caller, Command, Outcome } from './command.ts'

export const NS_COMMANDS = 'http://jabber.org/protocol/commands'

/** Whoever takes longer begins again. */
const LIFETIME_MS = 10 * 60_000
const MAX_SESSIONS = 1_000
const MAX_SESSIONS_EACH = 10
const ACTIONS = ['execute', 'next', 'prev', 'complete', 'cancel'] as const
type Action = (typeof ACTIONS)[number]

interface Running {
  readonly id: string
  readonly command: Command
  /** As they were when it began. */
  readonly forms: readonly Form[]
  /** The full JID that began it. */
  readonly owner: string
  stage: number
  /** Of each stage that was answered. */
  readonly answers: Answers[]
  timer: Timer
}

export class CommandSessions {
  readonly #clock: Clock
  readonly #running = new Map<string, Running>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `request` is the client's `<command/>`, and `command` the one that it names. */
  async take(caller: Caller, command: Command, request: Element): Promise<Element> {
    const action = actionOf(request)
    const id = request.attr('sessionid')
    if (id === undefined) return await this.#begin(caller, command, action)
    const running = this.#running.get(id)
    if (!running || running.command !== command || running.owner !== caller.from.full) {
      throw refusal('bad-request', 'bad-sessionid')
    }
    if (action === 'cancel') {
      this.#end(running)
      return commandElement(running, 'canceled')
    }
    if (action === 'prev') return this.#back(running)
    return await this.#forward(caller, running, request, action)
  }

  [Symbol.dispose](): void {
    for (const running of this.#running.values()) running.timer.cancel()
    this.#running.clear()
  }

  async #begin(caller: Caller, command: Command, action: Action): Promise<Element> {
    if (action !== 'execute') throw refusal('bad-request', 'bad-action')
    const forms = command.forms(caller)
    if (forms.length === 0) {
      const id = randomBytes(12).toString('base64url')
      return completed({ id, command }, await command.run(caller, new Map()))
    }
    const owner = caller.from.full
    const own = [...this.#running.values()].filter((running) => running.owner === owner)
    if (this.#running.size >= MAX_SESSIONS || own.length >= MAX_SESSIONS_EACH) {
      throw resourceConstraint('too many commands are being run')
    }
    const id = randomBytes(12).toString('base64url')
    const timer = this.#clock.after(LIFETIME_MS, () => void this.#running.delete(id))
    const running: Running = { id, command, forms, owner, stage: 0, answers: [], timer }
    this.#running.set(id, running)
    return asked(running)
  }

  #back(running: Running): Element {
    if (running.stage === 0) throw refusal('bad-request', 'bad-action')
    running.stage -= 1
    return asked(running)
  }

  async #forward(
    caller: Caller,
    running: Running,
    request: Element,
    action: Action,
  ): Promise<Element> {
    const form = request.child('x', NS_FORM)
    if (!form) throw refusal('bad-request', 'bad-payload')
    running.answers[running.stage] = submitted(form)
    const isLast = running.stage === running.forms.length - 1
    // §3.4: execute is what the server offered as the default, which is to go on.
    if (action === 'next' && isLast) throw refusal('bad-request', 'bad-action')
    if (!isLast && action !== 'complete') {
      running.stage += 1
      return asked(running)
    }
    if (!isLast) throw refusal('bad-request', 'bad-action')
    const answers = new Map(running.answers.flatMap((each) => [...each]))
    const outcome = await running.command.run(caller, answers)
    this.#end(running)
    return completed(running, outcome)
  }

  #end(running: Running): void {
    running.timer.cancel()
    this.#running.delete(running.id)
  }
}

function actionOf(request: Element): Action {
  const wanted = request.attr('action') ?? 'execute'
  const action = ACTIONS.find((known) => known === wanted)
  if (!action) throw refusal('bad-request', 'malformed-action')
  return action
}

/** The form of the stage, and where one may go from there (§3.4). */
function asked(running: Running): Element {
  const { forms, stage } = running
  const isLast = stage === forms.length - 1
  const form = forms[stage]
  const actions = xml(
    'actions',
    { execute: isLast ? 'complete' : 'next' },
    stage > 0 ? xml('prev') : undefined,
    xml(isLast ? 'complete' : 'next'),
  )
  return commandElement(running, 'executing', actions, form && formElement(form))
}

function completed(of: Pick<Running, 'id' | 'command'>, { note, form }: Outcome): Element {
  return commandElement(
    of,
    'completed',
    note && xml('note', { type: note.type }, note.text),
    form && formElement(form),
  )
}

function commandElement(
  { id: sessionid, command: { node } }: Pick<Running, 'id' | 'command'>,
  status: 'executing' | 'completed' | 'canceled',
  ...children: (Element | undefined)[]
): Element {
  return xml('command', { xmlns: NS_COMMANDS, sessionid, node, status }, ...children)
}

/** §4.4: the conditions of its table. */
function refusal(condition: 'bad-request', detail: string): StanzaError {
  const { type } = badRequest()
  return new StanzaError(type, condition, undefined, xml(detail, { xmlns: NS_COMMANDS }))
}
