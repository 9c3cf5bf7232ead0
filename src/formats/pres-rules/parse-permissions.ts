/** What a rule permits: the actions and transformations of RFC 5025 §3.2 and §3.3. */
import type { Element } from '../../xml/element.ts'
import { NS_CAPS } from '../pidf-model.ts'
import { NS_ACCESS } from '../watcherinfo.ts'
import {
  ATTRIBUTES,
  type Attribute,
  NS_COMMON_POLICY,
  NS_PRES_RULES,
  type Permissions,
  type Services,
  SUB_HANDLINGS,
  type SubHandling,
} from './model.ts'
import { childrenOf, invalid, readBoolean, readToken, requireAttr, unsupported } from './reading.ts'

const USER_INPUTS = new Set(['false', 'bare', 'thresholds', 'full'])
/** Those that have no element of their own with a boolean in it. */
const OTHERWISE_NAMED: ReadonlySet<Attribute> = new Set([
  'servcaps',
  'user-input',
  'other',
] as const)

interface Reading {
  handling: SubHandling | undefined
  services: Services | undefined
  persons: boolean
  devices: boolean
  readonly attributes: Set<Attribute>
  systemPolicy: boolean
  confirmRest: boolean
}

/** Throws `PresRulesError`. */
export function readPermissions(
  { actions, transformations }: Record<'actions' | 'transformations', Element | undefined>,
  where: string,
): Permissions {
  const reading: Reading = {
    handling: undefined,
    services: undefined,
    persons: false,
    devices: false,
    attributes: new Set(),
    systemPolicy: false,
    confirmRest: false,
  }
  for (const child of known(actions, where)) readAction(child, reading, where)
  for (const child of known(transformations, where)) readTransformation(child, reading, where)
  return reading
}

/** RFC 5025 §8: a permission that is not known grants nothing. */
function known(part: Element | undefined, where: string): Element[] {
  return (part ? childrenOf(part, where) : []).filter((child) => {
    if (child.ns === NS_COMMON_POLICY) {
      throw invalid(where, `${child.name} does not stand in ${part?.name}`)
    }
    return child.ns === NS_PRES_RULES || child.ns === NS_ACCESS
  })
}

function readAction(action: Element, reading: Reading, where: string): void {
  if (action.is('system-policy', NS_ACCESS)) {
    reading.systemPolicy ||= readBoolean(action, where)
  } else if (action.is('confirm-rest', NS_ACCESS)) {
    reading.confirmRest ||= readBoolean(action, where)
  } else if (action.is('sub-handling', NS_PRES_RULES)) {
    const token = readToken(action)
    const handling = SUB_HANDLINGS.find((one) => one === token)
    if (!handling) throw invalid(where, `sub-handling is ${SUB_HANDLINGS.join(', ')}`)
    if (reading.handling !== undefined) throw invalid(where, 'sub-handling stands twice')
    reading.handling = handling
  } else {
    throw invalid(where, `there is no action ${action.name}`)
  }
}

function readTransformation(element: Element, reading: Reading, where: string): void {
  const { name } = element
  if (element.ns !== NS_PRES_RULES) throw invalid(where, `there is no transformation ${name}`)
  switch (name) {
    case 'provide-services':
      if (reading.services !== undefined) throw invalid(where, `${name} stands twice`)
      reading.services = readServices(element, where)
      return
    case 'provide-persons':
      reading.persons ||= readPersons(element, where)
      return
    case 'provide-devices':
      reading.devices ||= readDevices(element, where)
      return
    case 'provide-all-attributes':
      for (const attribute of ATTRIBUTES) reading.attributes.add(attribute)
      return
    case 'provide-user-input':
      if (!USER_INPUTS.has(element.text())) {
        throw invalid(where, `${name} is ${[...USER_INPUTS].join(', ')}`)
      }
      // §3.3.2.13: less than full leaves something out.
      if (element.text() === 'full') reading.attributes.add('user-input')
      return
    default:
      readAttribute(element, reading, where)
  }
}

function readAttribute(element: Element, { attributes }: Reading, where: string): void {
  const { name } = element
  const own = ATTRIBUTES.find((one) => !OTHERWISE_NAMED.has(one) && name === `provide-${one}`)
  const unknown = name === 'provide-unknown-attribute'
  if (!own && !unknown) throw invalid(where, `there is no transformation ${name}`)
  const granted = readBoolean(element, where)
  if (own && granted) attributes.add(own)
  if (!unknown) return
  const attribute = requireAttr(element, 'name', where).trim()
  const ns = requireAttr(element, 'ns', where).trim()
  // RFC 5196 has no permission of its own, so it is such an attribute (RFC 5025 §3.3.2.14).
  if (granted && ns === NS_CAPS && attribute === 'servcaps') attributes.add('servcaps')
}

function readServices(element: Element, where: string): Services {
  const classes = new Set<string>()
  const children = childrenOf(element, where)
  for (const child of children) {
    if (child.is('all-services', NS_PRES_RULES)) {
      if (children.length > 1) throw invalid(where, 'all-services stands alone')
      return 'all'
    }
    if (!child.is('class', NS_PRES_RULES)) {
      throw unsupported(where, `services are told apart here by class, not by ${child.name}`)
    }
    classes.add(readToken(child).toLowerCase())
  }
  return classes
}

/** Devices are kept by their ID alone (RFC 4479 §3.4), and each source speaks of its own: it is all or none. */
function readDevices(element: Element, where: string): boolean {
  const [all, second] = childrenOf(element, where)
  if (!all) return false
  if (all.is('all-devices', NS_PRES_RULES) && !second) return true
  throw unsupported(where, 'devices are not told apart here: provide all-devices or none')
}

/** Our persons have neither a class of their own nor an id that lasts: it is all or none. */
function readPersons(element: Element, where: string): boolean {
  const children = childrenOf(element, where)
  const [all, second] = children
  if (!all) return false
  if (all.is('all-persons', NS_PRES_RULES) && !second) return true
  throw unsupported(where, 'there is one person in a document here: provide all-persons or none')
}
