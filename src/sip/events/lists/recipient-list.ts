/** The list in the body of a SUBSCRIBE (RFC 5367, RFC 5363 §4). */
import { parseResourceLists, ResourceListsError } from '../../../formats/resource-lists.ts'
import { SipError } from '../../errors.ts'
import { SubscribeBody } from '../subscribe-body.ts'

export const RECIPIENT_LIST_SUBSCRIBE = 'recipient-list-subscribe'

export const recipientList = new SubscribeBody(
  { contentType: 'application/resource-lists+xml', disposition: 'recipient-list' },
  (content) => {
    try {
      return parseResourceLists(content)
    } catch (error) {
      throw refusalOf(error)
    }
  },
)

/** What is wrong with a list, in SIP's words (RFC 4826 §4.5); other errors are no matter of the list. */
export function refusalOf(error: unknown): unknown {
  if (!(error instanceof ResourceListsError)) return error
  switch (error.kind) {
    case 'too-large':
      return new SipError(413, 'List Is Too Long')
    case 'circular':
      return new SipError(502, 'List Refers to Itself')
    default:
      return new SipError(400, 'Bad Resource List')
  }
}
