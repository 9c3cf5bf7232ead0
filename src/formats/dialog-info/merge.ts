/** What whoever reads one dialog-info document after the other knows in the end (RFC 4235 §4.3). */
import type { DialogElement, DialogInfo, Participant } from './model.ts'

/**
 * The full state that follows from `update`, where `before` was known. A document that is older than
 * what is known changes nothing; what had ended is forgotten with the next one.
 */
export function mergeDialogInfo(before: DialogInfo, update: DialogInfo): DialogInfo {
  if (update.version < before.version) return before
  if (update.state === 'full') return update
  const dialogs = new Map<string, DialogElement>()
  for (const dialog of before.dialogs) {
    if (dialog.state !== 'terminated') dialogs.set(dialog.id, dialog)
  }
  for (const dialog of update.dialogs) {
    dialogs.set(dialog.id, updated(dialogs.get(dialog.id), dialog))
  }
  const { version, entity } = update
  return { version, state: 'full', entity, dialogs: [...dialogs.values()] }
}

function updated(before: DialogElement | undefined, dialog: DialogElement): DialogElement {
  if (!before) return dialog
  return {
    ...dialog,
    local: participant(before.local, dialog.local),
    remote: participant(before.remote, dialog.remote),
  }
}

/** §4.1.6: identities, target and session description that are not repeated are the same as before. */
function participant(
  before: Participant | undefined,
  now: Participant | undefined,
): Participant | undefined {
  if (!before || !now) return now ?? before
  return {
    identities: now.identities.length > 0 ? now.identities : before.identities,
    target: now.target ?? before.target,
    sessionDescription: now.sessionDescription ?? before.sessionDescription,
    cseq: now.cseq ?? before.cseq,
  }
}
