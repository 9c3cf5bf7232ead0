/** Messages between SIP and everybody else. */
import { choice } from '../option.ts'

export const sipMessagingOptions = {
  askForReports: choice(['all', 'known', 'none'], {
    default: 'all',
    doc: 'Which SIP clients are asked to tell what becomes of a message whose sender wishes to know (RFC 5438): all, unless they refuse `message/cpim`; only those that sent some themselves; none. `known` is for phones that show what they do not understand.',
  }),
}
