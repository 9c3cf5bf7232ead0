/**
 * The form of a composition table: which observation speaks for the person. The first rule that any
 * observation meets wins. Why so, and why these rules: docs/adr/0003-composition.md.
 */
import { type Activity, isByHand, type Observation, type SourceClass } from '../observation.ts'

export interface CompositionRule {
  readonly id: string
  /** One sentence for `explain` and the documents. */
  readonly text: string
  readonly activities: readonly Activity[]
  /** `undefined`: set by hand or not. */
  readonly manual?: boolean
  /** Of these classes alone. */
  readonly classes?: readonly SourceClass[]
  /** Of any class but these, and so of those that a system adds. */
  readonly otherThan?: readonly SourceClass[]
  /** Watchers see what they see where nothing is known, and to the person himself that is this. */
  readonly hiddenAs?: 'appear-offline' | 'offline'
}

/** Rules from the first to the last; every observation meets one of them. */
export interface CompositionPreset {
  readonly name: string
  /** For people who choose one. */
  readonly title: string
  readonly rules: readonly CompositionRule[]
}

export function meets(rule: CompositionRule, observation: Observation): boolean {
  return (
    rule.activities.includes(observation.activity) &&
    (rule.manual === undefined || rule.manual === isByHand(observation)) &&
    (rule.classes === undefined || rule.classes.includes(observation.class)) &&
    !rule.otherThan?.includes(observation.class)
  )
}
