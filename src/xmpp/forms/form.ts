/** XEP-0004: Data Forms: what the server asks, what clients answer, and what it reports. */
import { type Element, xml } from '../../xml/element.ts'
import { badRequest } from '../errors.ts'

export const NS_FORM = 'jabber:x:data'

export type FieldType =
  | 'boolean'
  | 'fixed'
  | 'hidden'
  | 'jid-multi'
  | 'jid-single'
  | 'list-multi'
  | 'list-single'
  | 'text-multi'
  | 'text-private'
  | 'text-single'

export interface Field {
  readonly name: string
  readonly type: FieldType
  readonly label?: string
  readonly isRequired?: boolean
  readonly values?: readonly string[]
  /** Of a list. */
  readonly options?: readonly string[]
}

export interface Form {
  readonly type: 'form' | 'result'
  /** FORM_TYPE (XEP-0068 §3.1). */
  readonly formType: string
  readonly title?: string
  readonly instructions?: string
  readonly fields: readonly Field[]
}

/** By name, each with its values. */
export type Answers = ReadonlyMap<string, readonly string[]>

const MAX_FIELDS = 100
const MAX_VALUES = 1_000

export function formElement({ type, formType, title, instructions, fields }: Form): Element {
  const hidden: Field = { name: 'FORM_TYPE', type: 'hidden', values: [formType] }
  return xml(
    'x',
    { xmlns: NS_FORM, type },
    title === undefined ? undefined : xml('title', {}, title),
    instructions === undefined ? undefined : xml('instructions', {}, instructions),
    ...[hidden, ...fields].map(fieldElement),
  )
}

function fieldElement({
  name,
  type,
  label,
  isRequired,
  values = [],
  options = [],
}: Field): Element {
  return xml(
    'field',
    { var: name, type, label },
    isRequired ? xml('required') : undefined,
    ...values.map((value) => xml('value', {}, value)),
    ...options.map((option) => xml('option', {}, xml('value', {}, option))),
  )
}

/** What a client submitted (§3.2). Throws `StanzaError` bad-request where it is no submission, or too much. */
export function submitted(form: Element): Answers {
  if (form.attr('type') !== 'submit') throw badRequest('the form is not submitted')
  const answers = new Map<string, readonly string[]>()
  for (const field of form.elements()) {
    const name = field.attr('var')
    if (!field.is('field', NS_FORM) || name === undefined) continue
    const values = [...field.elements()].filter((each) => each.is('value', NS_FORM))
    if (answers.size >= MAX_FIELDS || values.length > MAX_VALUES)
      throw badRequest('too many values')
    answers.set(
      name,
      values.map((value) => value.text()),
    )
  }
  return answers
}

/** §3.3: of a field with one value; empty where there is none. */
export function oneOf(answers: Answers, name: string): string {
  return answers.get(name)?.[0]?.trim() ?? ''
}

/** Of a field with many, without empty ones. */
export function allOf(answers: Answers, name: string): string[] {
  return (answers.get(name) ?? []).map((value) => value.trim()).filter((value) => value !== '')
}
