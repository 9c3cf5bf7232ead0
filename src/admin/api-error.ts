/**
 * What the API answers when it refuses: `{ "error": { "code", "message" } }` with a stable code.
 */
export const API_ERRORS = {
  BAD_REQUEST: [400, 'The request does not have the form that /api/v1/openapi.json gives.'],
  SIGN_IN_REQUIRED: [401, 'Nobody is signed in, or the name, password or token is wrong.'],
  FORBIDDEN: [403, 'A user may call this for himself only, or not at all.'],
  NOT_FOUND: [404, 'There is no such path or resource.'],
  UNKNOWN_ADDRESS: [404, 'No user has this address.'],
  AMBIGUOUS_ADDRESS: [409, 'More than one user has this number; give the whole address.'],
  TOO_LARGE: [413, 'The body is larger than this call allows.'],
  BAD_MEDIA_TYPE: [415, 'The body has another media type than this call takes.'],
  TOO_MANY_REQUESTS: [429, 'Too many requests from this address; wait and try again.'],
  TOO_MANY_FAILURES: [429, 'Too many wrong passwords from this address; wait and try again.'],
  TOO_MANY_STREAMS: [429, 'Too many event streams are open, of all or of this user.'],
  TOO_MANY_SOURCES: [409, 'The person has as many sources of presence as a person may have.'],
  INTERRUPTED: [503, 'The connection or the server ended before the call was done; a part may be.'],
  INTERNAL: [500, 'A bug in Heliograph; the log has the details under this request id.'],
  RULE_EXISTS: [409, 'There is such a rule already.'],
  NO_SUCH_RULE: [404, 'There is no such rule.'],
  ACCESS_LEVEL_EXISTS: [409, 'The access level exists already.'],
  BAD_PRES_RULES: [400, 'The body is no document of RFC 4745 and RFC 5025.'],
  UNSUPPORTED_PRES_RULES: [
    409,
    'Pres-rules and access rules cannot say the same here; nothing is changed.',
  ],
  NO_SUCH_FILE: [404, 'The user shares no such file.'],
  NO_SUCH_REQUEST: [404, 'The watcher has not asked, or has his answer.'],
  // What access control refuses.
  NO_SUCH_ACCESS_LEVEL: [404, 'There is no access level of this name.'],
  ACCESS_LEVEL_PREDEFINED: [409, 'The access level All cannot be changed or removed.'],
  ACCESS_LEVEL_IN_USE: [409, 'Rules use the access level; change or delete them first.'],
  BAD_ACCESS_LEVEL: [400, 'An access level has a name and classes of sources that there are.'],
  BAD_RULE: [400, 'The rule cannot be: its presentity, watcher or action does not fit.'],
  TOO_MANY_RULES: [409, 'The presentity has as many rules as a presentity may have.'],
  // What the directory refuses.
  BAD_DOMAIN: [400, 'That is not a domain name.'],
  BAD_ACCOUNT: [400, 'A user’s address is local@domain.'],
  BAD_ADDRESS: [400, 'The address is not a valid one of its type.'],
  BAD_CONTACT: [400, 'The contact is not valid.'],
  BAD_PASSWORD: [400, 'The password is empty, too long, or has characters that cannot be typed.'],
  BAD_NAME: [400, 'The name is not valid.'],
  NO_SUCH_USER: [404, 'There is no such user.'],
  NO_SUCH_DOMAIN: [404, 'The domain is not one of this system.'],
  NO_SUCH_ADDRESS: [404, 'The user has no such address.'],
  NO_SUCH_DEVICE: [404, 'The user has no such device.'],
  NO_SUCH_CONTACT: [404, 'The user has no such contact.'],
  USER_EXISTS: [409, 'The user exists already.'],
  DOMAIN_EXISTS: [409, 'The domain exists already.'],
  DOMAIN_NOT_EMPTY: [409, 'The domain still has users.'],
  ADDRESS_TAKEN: [409, 'Another user has this address.'],
  ADDRESS_EXISTS: [409, 'The user has this address already.'],
  TOO_MANY_ADDRESSES: [409, 'The user has as many addresses as a user may have.'],
  TOO_MUCH_DATA: [409, 'The user keeps as much with the server as a user may.'],
  TOO_MANY_CONTACTS: [409, 'The user has as many contacts as a user may have.'],
  BUSY: [503, 'The server has too much to do; try again in a moment.'],
} as const satisfies Record<string, readonly [status: number, meaning: string]>

export type ApiErrorCode = keyof typeof API_ERRORS

export class ApiError extends Error {
  readonly code: ApiErrorCode
  readonly statusCode: number
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ApiErrorCode,
    message: string = API_ERRORS[code][1],
    retryAfterSeconds?: number,
  ) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.statusCode = API_ERRORS[code][0]
    this.retryAfterSeconds = retryAfterSeconds
  }
}

export function isApiErrorCode(code: unknown): code is ApiErrorCode {
  return typeof code === 'string' && Object.hasOwn(API_ERRORS, code)
}
