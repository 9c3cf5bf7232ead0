/** Several changes of one text at once, made from the last to the first so that places stay true. */
import { type SourceElement, splice } from '../xml/source-tree.ts'

export interface Edit {
  readonly start: number
  readonly end: number
  readonly put: string
}

/** None may overlap another; those at one place are made in the order given. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const inOrder = edits
    .map((edit, at) => ({ ...edit, at }))
    .sort((a, b) => a.start - b.start || a.at - b.at)
  let out = text
  for (const { start, end, put } of inOrder.reverse()) out = splice(out, start, end, put)
  return out
}

/** Puts `content` at the end of the element. */
export function appendEdit(text: string, element: SourceElement, content: string): Edit {
  const { closeStart, end, qname, isSelfClosing } = element
  if (!isSelfClosing) return { start: closeStart, end: closeStart, put: content }
  return { start: text.lastIndexOf('/', end - 1), end, put: `>${content}</${qname}>` }
}

/** Takes the element out, with the white space before it. */
export function removeEdit(text: string, { start, end }: SourceElement): Edit {
  return { start: text.slice(0, start).trimEnd().length, end, put: '' }
}

/** The name that another element of the same namespace has beside this one. */
export function nameBeside({ qname, name }: SourceElement, other: string): string {
  return qname.slice(0, qname.length - name.length) + other
}
