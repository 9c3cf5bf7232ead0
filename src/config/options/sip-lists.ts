import Type from 'typebox'
import { define, integer, size } from '../option.ts'

/** Unreserved characters of the user part (RFC 3261 §25.1); a plus sign begins the name of a group. */
const USER_PART = /^[a-z0-9._-]{1,64}$/

export const sipListsOptions = Type.Object(
  {
    contacts: define<string>(
      { type: 'string' },
      {
        description:
          'User part of the URI by which everybody watches his own contact list: `sip:contacts@example.com`. With `-by-group` after it the groups are lists of their own, with `+NAME` it is one of them.',
        default: 'contacts',
        expects: 'lower-case letters, digits, dots, hyphens and underscores',
        read: (raw) =>
          typeof raw === 'string' && USER_PART.test(raw) ? { value: raw } : undefined,
      },
    ),
    maxMembers: integer({
      default: 2_000,
      min: 1,
      max: 10_000,
      doc: 'Resources of one list, those of lists within it included. Longer lists get 403 or 413.',
    }),
    maxPerWatcher: integer({
      default: 20,
      min: 1,
      max: 10_000,
      doc: 'Lists that one watcher watches at a time. Above it new ones get 403.',
    }),
    maxNotifyBytes: size({
      default: '48 KB',
      min: 2_048,
      max: 1_048_576,
      doc: 'About how long the body of one NOTIFY of a list becomes. What finds no room follows in the next one, as soon as this one is answered.',
    }),
  },
  { description: 'Lists of resources that are watched as one (RFC 4662, RFC 5367).' },
)
