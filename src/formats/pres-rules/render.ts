/** Writes documents of RFC 5025. The same ruleset gives the same bytes. */
import type { BareJid } from '../../core/address.ts'
import { escapeAttr, escapeText } from '../../xml/element.ts'
import { NS_CAPS } from '../pidf-model.ts'
import { NS_ACCESS } from '../watcherinfo.ts'
import { uriOfAddress } from './identity-uri.ts'
import {
  ATTRIBUTES,
  type Attribute,
  type Many,
  NS_COMMON_POLICY,
  NS_PRES_RULES,
  type Permissions,
  type PresRule,
  type PresRuleset,
  type Services,
} from './model.ts'

export function renderPresRules({ rules }: PresRuleset): string {
  return (
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    `<ruleset xmlns="${NS_COMMON_POLICY}" xmlns:pr="${NS_PRES_RULES}" xmlns:h="${NS_ACCESS}">\n` +
    rules.map(renderRule).join('') +
    '</ruleset>\n'
  )
}

function renderRule({ id, ones, manys, permissions }: PresRule): string {
  const identities =
    [...ones].map((address) => `<one id="${uriText(address)}"/>`).join('') +
    manys.map(renderMany).join('')
  return (
    `<rule id="${escapeAttr(id)}">` +
    `<conditions><identity>${identities}</identity></conditions>` +
    `<actions>${renderActions(permissions)}</actions>` +
    `<transformations>${renderTransformations(permissions)}</transformations>` +
    '</rule>\n'
  )
}

function renderMany({ scope, domain, exceptAddresses, exceptDomains }: Many): string {
  const name = scope === 'anybody' ? 'many' : `h:${scope}`
  const at = domain === undefined ? '' : ` domain="${escapeAttr(domain)}"`
  const excepts =
    [...exceptDomains].map((one) => `<except domain="${escapeAttr(one)}"/>`).join('') +
    [...exceptAddresses].map((one) => `<except id="${uriText(one)}"/>`).join('')
  return excepts === '' ? `<${name}${at}/>` : `<${name}${at}>${excepts}</${name}>`
}

function uriText(address: BareJid): string {
  return escapeAttr(uriOfAddress(address))
}

function renderActions({ handling, systemPolicy, confirmRest }: Permissions): string {
  return (
    (handling === undefined ? '' : `<pr:sub-handling>${handling}</pr:sub-handling>`) +
    (systemPolicy ? '<h:system-policy>true</h:system-policy>' : '') +
    (confirmRest ? '<h:confirm-rest>true</h:confirm-rest>' : '')
  )
}

function renderTransformations(permissions: Permissions): string {
  const { services, persons, devices, attributes } = permissions
  const isAll = ATTRIBUTES.every((attribute) => attributes.has(attribute))
  return (
    (services === undefined ? '' : renderServices(services)) +
    (persons ? '<pr:provide-persons><pr:all-persons/></pr:provide-persons>' : '') +
    (devices ? '<pr:provide-devices><pr:all-devices/></pr:provide-devices>' : '') +
    (isAll ? '<pr:provide-all-attributes/>' : [...attributes].map(renderAttribute).join(''))
  )
}

function renderServices(services: Services): string {
  const content =
    services === 'all'
      ? '<pr:all-services/>'
      : [...services].map((name) => `<pr:class>${escapeText(name)}</pr:class>`).join('')
  return `<pr:provide-services>${content}</pr:provide-services>`
}

function renderAttribute(attribute: Attribute): string {
  if (attribute === 'other') return ''
  if (attribute === 'user-input') return '<pr:provide-user-input>full</pr:provide-user-input>'
  if (attribute !== 'servcaps') return `<pr:provide-${attribute}>true</pr:provide-${attribute}>`
  const name = 'pr:provide-unknown-attribute'
  return `<${name} name="servcaps" ns="${NS_CAPS}">true</${name}>`
}
