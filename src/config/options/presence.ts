import Type from 'typebox'
import { duration, list } from '../option.ts'

export const presenceOptions = Type.Object(
  {
    classes: list('class', {
      default: [],
      max: 16,
      doc: 'Kinds of presence sources beside phone, video, enterprise-im, internet-im, calendar, out-of-office, application, lob and manual. Access levels and publications may name them.',
    }),
    damping: duration({
      default: '1500ms',
      max: '1m',
      doc: 'For how long it is kept back that a phone, a calendar or another machine sets its person free again. That he is busy is told at once, and so is what he sets by hand. 0s keeps nothing back.',
    }),
    grace: duration({
      default: '45s',
      max: '1h',
      doc: 'After how long without its connection what a source said is unknown.',
    }),
    apiLifetime: duration({
      default: '1h',
      min: '1s',
      max: '365d',
      doc: 'For how long a state that an application puts over the API without an end is believed. After that it is unknown for as long again, and then forgotten.',
    }),
  },
  { description: 'What presence is made of.' },
)
