export type AccessErrorCode =
  | 'NO_SUCH_ACCESS_LEVEL'
  | 'ACCESS_LEVEL_PREDEFINED'
  | 'ACCESS_LEVEL_IN_USE'
  | 'BAD_ACCESS_LEVEL'
  | 'ACCESS_LEVEL_EXISTS'
  | 'BAD_RULE'
  | 'RULE_EXISTS'
  | 'NO_SUCH_RULE'
  | 'TOO_MANY_RULES'

/** The caller asked for something that cannot be; `message` is for him. */
export class AccessError extends Error {
  readonly code: AccessErrorCode

  constructor(code: AccessErrorCode, message: string) {
    super(message)
    this.name = 'AccessError'
    this.code = code
  }
}
