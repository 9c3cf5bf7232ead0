/** Filters in the body of a SUBSCRIBE (RFC 4660): what is taken, and how refusals read. */
import { FilterError, type FilterSet, SIMPLE_FILTER } from '../../formats/filter/filter-model.ts'
import { mergeFilters, parseFilters } from '../../formats/filter/filter-sets.ts'
import { SipError } from '../errors.ts'
import { SubscribeBody } from './subscribe-body.ts'

/** For `bodies` of a package whose documents are XML; `of(asked)` are the filters that hold. */
export const filters = new SubscribeBody<FilterSet>(
  { contentType: SIMPLE_FILTER },
  (content) => answering(() => parseFilters(content)),
  // RFC 4660 §5.2.2: a refresh changes the filters that it names, and leaves the others.
  (before, now) => answering(() => mergeFilters(before, now)),
)

function answering<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw refusal(error)
  }
}

/** RFC 4660 §5.4: 488, with a warning that says why (RFC 3261 §20.43: 399, in words). */
function refusal({ kind, message }: FilterError): SipError {
  const reason = message.replace(/[^\x20-\x7e]|["\\]/g, '').slice(0, 120)
  const warning: [string, string] = ['Warning', `399 heliograph "${reason}"`]
  if (kind === 'too-large') return new SipError(413, undefined, [warning])
  if (kind === 'not-well-formed') return new SipError(400, 'Bad Filter', [warning])
  return new SipError(488, undefined, [warning])
}
