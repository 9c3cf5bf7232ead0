/** Reads dialog-info documents (RFC 4235 §4), as phones and call servers write them. */

import type { Element } from '../../xml/element.ts'
import type { XmlLimits } from '../../xml/syntax.ts'
import { readDocument } from '../read-document.ts'
import {
  DIALOG_EVENTS,
  DIALOG_STATES,
  DIRECTIONS,
  type DialogElement,
  type DialogIdentifiers,
  type DialogInfo,
  type NamedUri,
  NS_DIALOG_INFO,
  type Participant,
  type SessionDescription,
  type Target,
} from './model.ts'

/** `too-large` is beyond the limits; SIP answers 413 for it, else 400. */
export class DialogInfoError extends Error {
  readonly kind: 'not-well-formed' | 'too-large' | 'not-dialog-info' | 'invalid'

  constructor(kind: DialogInfoError['kind'], message: string) {
    super(message)
    this.name = 'DialogInfoError'
    this.kind = kind
  }
}

export const DIALOG_INFO_LIMITS: XmlLimits = {
  maxStanzaBytes: 65_536,
  maxDepth: 16,
  maxAttributes: 32,
}
/** A line that has more calls than this at a time is none. */
export const MAX_DIALOGS = 100
/** Characters of an identifier, a name or a URI: all of them go to every watcher. */
const MAX_TEXT = 1024
/** Identities, routes, parameters and extensions of one dialog, of each kind. */
const MAX_PARTS = 20

/**
 * Elements and attributes that are unknown are passed over, those of other namespaces within a
 * dialog are kept. Throws `DialogInfoError`, also for a dialog without id or with a state that is
 * none: what is left out would be taken for a call that has ended.
 */
export function parseDialogInfo(
  bytes: Uint8Array | string,
  limits = DIALOG_INFO_LIMITS,
): DialogInfo {
  const root = parseXml(bytes, limits)
  if (!root.is('dialog-info', NS_DIALOG_INFO)) {
    throw new DialogInfoError('not-dialog-info', `the document is {${root.ns}}${root.name}`)
  }
  const dialogs = children(root, 'dialog').map(readDialog)
  if (dialogs.length > MAX_DIALOGS) {
    throw new DialogInfoError('too-large', 'there are too many dialogs')
  }
  if (new Set(dialogs.map(({ id }) => id)).size < dialogs.length) {
    throw invalid('two dialogs have the same id') // §4.1.1
  }
  return {
    version: readNumber(root.attr('version')) ?? 0,
    // §4.1 has it mandatory; whoever leaves it out tells all that he knows.
    state: root.attr('state')?.trim() === 'partial' ? 'partial' : 'full',
    entity: textOf(root.attr('entity')) ?? '',
    dialogs,
  }
}

function readDialog(element: Element): DialogElement {
  const id = textOf(element.attr('id'))
  if (id === undefined) throw invalid('a dialog has no id')
  const stateElement = element.child('state')
  const state = DIALOG_STATES.find((known) => known === stateElement?.text().trim())
  if (!stateElement || !state) throw invalid(`the state of dialog ${id} is not known`)
  const replaces = element.child('replaces')
  const hops = element.child('route-set')
  return {
    id,
    ...identifiersOf(element),
    direction: DIRECTIONS.find((known) => known === element.attr('direction')?.trim()),
    state,
    event: DIALOG_EVENTS.find((known) => known === stateElement.attr('event')?.trim()),
    code: readCode(stateElement.attr('code')),
    duration: readNumber(element.child('duration')?.text()),
    replaces: replaces && { callId: '', localTag: '', remoteTag: '', ...identifiersOf(replaces) },
    referredBy: readNamed(element.child('referred-by')),
    routeSet: hops && children(hops, 'hop').flatMap((hop) => textOf(hop.text()) ?? []),
    local: readParticipant(element.child('local')),
    remote: readParticipant(element.child('remote')),
    extensions: readExtensions(element),
  }
}

function identifiersOf(element: Element): DialogIdentifiers {
  return {
    callId: textOf(element.attr('call-id')),
    localTag: textOf(element.attr('local-tag')),
    remoteTag: textOf(element.attr('remote-tag')),
  }
}

function readParticipant(element: Element | undefined): Participant | undefined {
  if (!element) return undefined
  return {
    identities: children(element, 'identity').flatMap((one) => readNamed(one) ?? []),
    target: readTarget(element.child('target')),
    sessionDescription: readSession(element.child('session-description')),
    cseq: readNumber(element.child('cseq')?.text()),
  }
}

/** The attribute is `display` in §4.1.6.1 and in the examples, `display-name` in the schema. */
function readNamed(element: Element | undefined): NamedUri | undefined {
  const uri = textOf(element?.text())
  if (!element || uri === undefined) return undefined
  return { uri, display: textOf(element.attr('display') ?? element.attr('display-name')) }
}

function readTarget(element: Element | undefined): Target | undefined {
  const uri = textOf(element?.attr('uri'))
  if (!element || uri === undefined) return undefined
  const params = children(element, 'param').flatMap((param) => {
    const name = textOf(param.attr('pname'))
    return name === undefined ? [] : [[name, textOf(param.attr('pval')) ?? ''] as const]
  })
  return { uri, params }
}

function readSession(element: Element | undefined): SessionDescription | undefined {
  const type = textOf(element?.attr('type'))
  // Lines of SDP end as they are written.
  return element && type !== undefined ? { type, text: element.text() } : undefined
}

function readExtensions(element: Element): readonly string[] | undefined {
  const others = [...element.elements()].filter(({ ns }) => ns !== NS_DIALOG_INFO)
  if (others.length > MAX_PARTS) throw tooLarge()
  return others.length === 0 ? undefined : others.map((one) => one.toString(NS_DIALOG_INFO))
}

function children(element: Element, name: string): Element[] {
  const found = [...element.elements()].filter((child) => child.is(name, NS_DIALOG_INFO))
  if (name !== 'dialog' && found.length > MAX_PARTS) throw tooLarge()
  return found
}

/** Without the white space around it; nothing for nothing. */
function textOf(value: string | undefined): string | undefined {
  const text = value?.trim()
  if (text === undefined || text === '') return undefined
  if (text.length > MAX_TEXT) throw tooLarge()
  return text
}

/** §4.1: a version fits in 32 bits. */
function readNumber(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  return /^\d{1,10}$/.test(text) ? Math.min(Number(text), 2 ** 32 - 1) : undefined
}

function readCode(value: string | undefined): number | undefined {
  const code = readNumber(value)
  return code !== undefined && code >= 100 && code <= 699 ? code : undefined
}

function parseXml(bytes: Uint8Array | string, limits: XmlLimits): Element {
  return readDocument(bytes, limits, (fault, message) => new DialogInfoError(fault, message))
}

function invalid(message: string): DialogInfoError {
  return new DialogInfoError('invalid', message)
}

function tooLarge(): DialogInfoError {
  return new DialogInfoError('too-large', 'a dialog says too much')
}
