import Type from 'typebox'
import { list } from '../option.ts'

export const presenceOptions = Type.Object(
  {
    classes: list('class', {
      default: [],
      max: 16,
      doc: 'Kinds of presence sources beside phone, video, enterprise-im, internet-im, calendar, out-of-office, application, lob and manual. Access levels and publications may name them.',
    }),
  },
  { description: 'What presence is made of.' },
)
