/** What a dialog-info document says (RFC 4235 §4.1), as values. */

/** The media type (RFC 4235 §8.1). */
export const DIALOG_INFO = 'application/dialog-info+xml'
export const NS_DIALOG_INFO = 'urn:ietf:params:xml:ns:dialog-info'

/** RFC 4235 §3.7.1, in the order in which a call goes through them. */
export const DIALOG_STATES = ['trying', 'proceeding', 'early', 'confirmed', 'terminated'] as const
export type DialogState = (typeof DIALOG_STATES)[number]

/** What ended a dialog. */
export const DIALOG_EVENTS = [
  'cancelled',
  'rejected',
  'replaced',
  'local-bye',
  'remote-bye',
  'error',
  'timeout',
] as const
export type DialogEvent = (typeof DIALOG_EVENTS)[number]

export const DIRECTIONS = ['initiator', 'recipient'] as const
export type Direction = (typeof DIRECTIONS)[number]

/** A URI, and what its owner calls himself. */
export interface NamedUri {
  readonly uri: string
  readonly display?: string | undefined
}

export interface Target {
  readonly uri: string
  /** Contact parameters (RFC 3840), as names and values. */
  readonly params: readonly (readonly [name: string, value: string])[]
}

export interface SessionDescription {
  /** A media type. */
  readonly type: string
  readonly text: string
}

export interface Participant {
  readonly identities: readonly NamedUri[]
  readonly target?: Target | undefined
  readonly sessionDescription?: SessionDescription | undefined
  readonly cseq?: number | undefined
}

/** The three parts of a dialog's identifier (RFC 3261 §12); a half-dialog has no remote tag. */
export interface DialogIdentifiers {
  readonly callId?: string | undefined
  readonly localTag?: string | undefined
  readonly remoteTag?: string | undefined
}

export interface DialogElement extends DialogIdentifiers {
  /** Unique among the dialogs of the observed user, the same for as long as this one lasts. */
  readonly id: string
  readonly direction?: Direction | undefined
  readonly state: DialogState
  readonly event?: DialogEvent | undefined
  /** The response to the INVITE that brought it into this state. */
  readonly code?: number | undefined
  /** Seconds since the INVITE. */
  readonly duration?: number | undefined
  readonly replaces?: Required<DialogIdentifiers> | undefined
  readonly referredBy?: NamedUri | undefined
  readonly routeSet?: readonly string[] | undefined
  readonly local?: Participant | undefined
  readonly remote?: Participant | undefined
  /** Elements of other namespaces, such as RFC 7463's, as they were written. */
  readonly extensions?: readonly string[] | undefined
}

export interface DialogInfo {
  /** From 0, one more in each document of a subscription or a publication. */
  readonly version: number
  readonly state: 'full' | 'partial'
  /** The observed user. */
  readonly entity: string
  readonly dialogs: readonly DialogElement[]
}
