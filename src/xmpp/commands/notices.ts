/** Commands that say what users are told (XEP-0133 §4.23 to §4.28). */

import { itemNotFound, notAcceptable } from '../errors.ts'
import type { LocalSessions } from '../local-sessions.ts'
import type { NoticeKind, Notices } from '../notices/notices.ts'
import { audited, type Run, type Task } from './administration-task.ts'

const WORDS: Readonly<Record<NoticeKind, string>> = {
  motd: 'message of the day',
  welcome: 'welcome for new users',
}

export function noticeTasks(notices: Notices | undefined): Task[] {
  if (!notices) return []
  return [
    edit('set-motd', 'Set', 'motd', (text, run) => publish(notices, run, text)),
    edit('edit-motd', 'Edit', 'motd', async (text, { caller }) => {
      // What does not exist cannot be mended, and nobody has seen it.
      if (notices.text(caller.domain, 'motd') === undefined) throw itemNotFound()
      await notices.put(caller.domain, 'motd', text, false)
    }),
    remove('delete-motd', 'motd'),
    edit('set-welcome', 'Set', 'welcome', (text, { caller }) =>
      notices.put(caller.domain, 'welcome', text, true),
    ),
    remove('delete-welcome', 'welcome'),
  ]

  function edit(
    node: string,
    verb: string,
    kind: NoticeKind,
    work: (text: string, run: Run) => Promise<void>,
  ): Task {
    return {
      node,
      name: `${verb} the ${WORDS[kind]}`,
      fields: ({ domain }) => {
        const values = notices?.text(domain, kind)?.split('\n') ?? []
        return [{ name: kind, type: 'text-multi', label: 'Text', isRequired: true, values }]
      },
      async run(run) {
        const text = (run.answers.get(kind) ?? []).join('\n').trim()
        if (text === '') throw notAcceptable('there is nothing to tell')
        await audited(run, run.caller.domain, () => work(text, run))
        return {}
      },
    }
  }

  function remove(node: string, kind: NoticeKind): Task {
    return {
      node,
      name: `Delete the ${WORDS[kind]}`,
      async run(run) {
        const { domain } = run.caller
        await audited(run, domain, async () => notices?.remove(domain, kind))
        return {}
      },
    }
  }
}

/** §4.23: at once to who is on line, to others when they come. */
async function publish(notices: Notices, { context, caller }: Run, text: string): Promise<void> {
  await notices.put(caller.domain, 'motd', text, true)
  await Promise.all(onLine(context, caller.domain).map((session) => notices.greet(session)))
}

function onLine(
  { everybody, sessions }: { everybody: Run['context']['everybody']; sessions: LocalSessions },
  domain: string,
) {
  return [...everybody.all()].flatMap(({ account, resource }) => {
    const session = sessions.get(account, resource)
    return session?.presence && session.jid.domain === domain ? [session] : []
  })
}
