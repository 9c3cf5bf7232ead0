/** What the event packages besides `presence` tell, and whom. */
import { boolean, choice, list } from '../option.ts'
import { sipReferOptions } from './sip-refer.ts'

export const packageOptions = {
  dialogDetails: choice(['busy', 'state', 'all'], {
    default: 'busy',
    doc: 'What watchers of `dialog` (RFC 4235) see of the calls of somebody else, where they may see his phone: that there is one, in which state it is (`state`: a lamp blinks while his phone rings), or everything that his phone says, with whom he talks included (`all`: needed to pick up his calls).',
  }),
  singleDialog: boolean({
    default: false,
    doc: 'Whether documents of `dialog` tell of one call only, the foremost. Some old phones fail at several.',
  }),
  registrationWatchers: list('account', {
    default: [],
    max: 100,
    doc: 'Addresses that may watch where any user has registered (`reg`, RFC 3680), such as those of application servers. Everybody may watch his own registrations.',
  }),
  unsolicitedSummaries: boolean({
    default: false,
    doc: 'Whether registered phones that have not subscribed to `message-summary` (RFC 3842) are told all the same that messages wait. For phones that cannot subscribe; others may take it for an error.',
  }),
  refer: sipReferOptions,
}
