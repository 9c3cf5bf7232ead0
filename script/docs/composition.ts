/** The composition presets: their rules, and what comes of every two sources and what is set by hand. */
import { requireJid } from '../../src/core/address.ts'
import { compose } from '../../src/core/presence/composition/compose.ts'
import { PRESETS } from '../../src/core/presence/composition/presets/presets.ts'
import {
  type CompositionPreset,
  type CompositionRule,
  meets,
} from '../../src/core/presence/composition/table.ts'
import {
  ACTIVITIES,
  type Activity,
  type Observation,
  SOURCE_CLASSES,
  type SourceClass,
} from '../../src/core/presence/observation.ts'
import { page, table } from './markdown.ts'

/** What a machine can say; the class `manual` is what people say. */
const AUTOMATIC = ACTIVITIES.filter((activity) => activity !== 'appear-offline')
const ADDED = 'any that is added'
const CLASSES: readonly SourceClass[] = [
  ...SOURCE_CLASSES.filter((name) => name !== 'manual'),
  ADDED,
]
const BY_HAND: readonly (Activity | undefined)[] = [
  undefined,
  'available',
  'busy',
  'do-not-disturb',
  'be-right-back',
  'away',
  'out-of-office',
  'appear-offline',
]
const SOMEBODY = requireJid('somebody@example.com').bare

export function compositionPage(): string {
  return page(
    'Composition',
    `Sources say what a person does; one table of rules makes one state of it. Rules are read from the top, and the first
that any source meets gives the state. Within a rule the newest word counts; it decides the state only where a person
has set several by hand, the note and the place everywhere. Why so: [ADR 3](../adr/0003-composition.md).

Each domain has one of the tables: \`heliograph domain set DOMAIN --composition TABLE\`. Which rule won is what
\`heliograph presence explain ADDRESS\` tells.`,
    ...PRESETS.flatMap(presetSection),
  )
}

function presetSection(preset: CompositionPreset): string[] {
  const sources = representatives(preset)
  return [
    `## ${preset.name}`,
    `${preset.title}.`,
    table(
      ['#', 'rule', 'met by', 'in words'],
      preset.rules.map((rule, at) => [
        String(at + 1),
        `\`${rule.id}\``,
        condition(rule),
        rule.text,
      ]),
    ),
    `### Every pair of sources in ${preset.name}`,
    `${legend(sources)}

The columns are what the person set by hand; **bold** is where that is what watchers see. Two sources that say the same
are as one of them.`,
    table(
      ['one source', 'the other', ...BY_HAND.map((state) => (state ? words(state) : 'nothing'))],
      pairs(sources).map(([one, other]) => [
        one.label,
        other?.label ?? '–',
        ...BY_HAND.map((state) => outcome(preset, [one, other], state)),
      ]),
    ),
  ]
}

function condition({ activities, manual, classes, otherThan, hiddenAs }: CompositionRule): string {
  return [
    activities.map(words).join(', '),
    manual === undefined ? '' : manual ? ' by hand' : ' by a machine',
    classes ? `, of ${classes.join(', ')}` : '',
    otherThan ? `, of any class but ${otherThan.join(', ')}` : '',
    hiddenAs ? '; watchers see offline and nothing else' : '',
  ].join('')
}

/** A source that stands for all those that meet the same rule with the same words. */
interface Representative {
  readonly label: string
  readonly observation: Observation
  readonly classes: readonly SourceClass[]
}

function representatives({ rules }: CompositionPreset): Representative[] {
  return AUTOMATIC.flatMap((activity) => {
    const alike = Map.groupBy(CLASSES, (name) =>
      rules.findIndex((rule) => meets(rule, observation(name, activity))),
    )
    return [...alike.values()].map((classes) => {
      const [first = ''] = classes
      const label = alike.size === 1 ? words(activity) : `${words(activity)}: ${first}`
      return { label, classes, observation: observation(first, activity) }
    })
  })
}

function legend(sources: readonly Representative[]): string {
  const told = sources.filter(({ classes }) => classes.length < CLASSES.length)
  return `The class of a source matters only where it is named: ${told
    .map(({ label, classes }) => `*${label}* stands for ${classes.join(', ')}`)
    .join('; ')}.`
}

type Pair = readonly [Representative, Representative | undefined]

/** Each alone, and with each that comes after it. */
function pairs(sources: readonly Representative[]): Pair[] {
  return sources.flatMap((one, at): Pair[] => [
    [one, undefined],
    ...sources.slice(at + 1).map((other): Pair => [one, other]),
  ])
}

function outcome(preset: CompositionPreset, pair: Pair, byHand: Activity | undefined): string {
  const said = pair.flatMap((each) => each?.observation ?? [])
  if (byHand) said.push({ ...observation('manual', byHand), manual: true })
  const reports = said.map((one, at) => ({
    presentity: SOMEBODY,
    source: String(at),
    observations: [one],
    until: undefined,
  }))
  const { document, explanation } = compose(SOMEBODY, reports, 0, preset)
  const state = words(document.person.state)
  return document.person.manual || explanation.state === 'appear-offline' ? `**${state}**` : state
}

function observation(sourceClass: SourceClass, activity: Activity): Observation {
  return { id: '1', class: sourceClass, basic: 'open', activity, manual: false, since: 0 }
}

function words(activity: Activity): string {
  return activity.replaceAll('-', ' ')
}
