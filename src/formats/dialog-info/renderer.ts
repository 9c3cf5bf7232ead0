/** Writes dialog-info documents (RFC 4235 §4). */
import { escapeAttr, escapeText } from '../../xml/element.ts'
import {
  type DialogElement,
  type DialogInfo,
  type NamedUri,
  NS_DIALOG_INFO,
  type Participant,
  type Target,
} from './model.ts'

export function renderDialogInfo({ version, state, entity, dialogs }: DialogInfo): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<dialog-info xmlns="${NS_DIALOG_INFO}" version="${version}" state="${state}" entity="${escapeAttr(entity)}">` +
    dialogs.map(renderDialog).join('') +
    '</dialog-info>\n'
  )
}

/** One `dialog` element; its parts stand in the order of the schema (§4.4). */
export function renderDialog(dialog: DialogElement): string {
  const { id, callId, localTag, remoteTag, direction, state, event, code, duration } = dialog
  return (
    `<dialog id="${escapeAttr(id)}"` +
    attribute('call-id', callId) +
    attribute('local-tag', localTag) +
    attribute('remote-tag', remoteTag) +
    attribute('direction', direction) +
    `><state${attribute('event', event)}${attribute('code', code)}>${state}</state>` +
    element('duration', duration) +
    renderReplaces(dialog) +
    renderNamed('referred-by', dialog.referredBy) +
    renderRoutes(dialog) +
    renderParticipant('local', dialog.local) +
    renderParticipant('remote', dialog.remote) +
    (dialog.extensions ?? []).join('') +
    '</dialog>'
  )
}

function renderReplaces({ replaces }: DialogElement): string {
  if (!replaces) return ''
  const { callId = '', localTag = '', remoteTag = '' } = replaces
  return `<replaces${attribute('call-id', callId)}${attribute('local-tag', localTag)}${attribute('remote-tag', remoteTag)}/>`
}

function renderRoutes({ routeSet }: DialogElement): string {
  if (!routeSet || routeSet.length === 0) return ''
  return `<route-set>${routeSet.map((hop) => element('hop', hop)).join('')}</route-set>`
}

function renderParticipant(name: 'local' | 'remote', participant: Participant | undefined): string {
  if (!participant) return ''
  const { identities, target, sessionDescription, cseq } = participant
  return (
    `<${name}>` +
    identities.map((identity) => renderNamed('identity', identity)).join('') +
    renderTarget(target) +
    (sessionDescription
      ? `<session-description${attribute('type', sessionDescription.type)}>${escapeText(sessionDescription.text)}</session-description>`
      : '') +
    element('cseq', cseq) +
    `</${name}>`
  )
}

/** §4.1.6.1 and the examples call the attribute `display`, the schema `display-name`: phones read the former. */
function renderNamed(name: string, named: NamedUri | undefined): string {
  if (!named) return ''
  return `<${name}${attribute('display', named.display)}>${escapeText(named.uri)}</${name}>`
}

function renderTarget(target: Target | undefined): string {
  if (!target) return ''
  const params = target.params.map(
    ([name, value]) => `<param${attribute('pname', name)}${attribute('pval', value)}/>`,
  )
  return `<target${attribute('uri', target.uri)}>${params.join('')}</target>`
}

function element(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : `<${name}>${escapeText(String(value))}</${name}>`
}

function attribute(name: string, value: string | number | undefined): string {
  return value === undefined ? '' : ` ${name}="${escapeAttr(String(value))}"`
}
