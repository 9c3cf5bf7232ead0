/** XEP-0079: Advanced Message Processing, as clients are told of it. What it does is on a message's way: `../messages/amp`. */
import { xml } from '../../xml/element.ts'
import { ACTIONS, CONDITIONS } from '../messages/amp/rules.ts'
import { defineModule } from '../module.ts'
import { NS_AMP } from '../namespaces.ts'

const NS_AMP_FEATURE = 'http://jabber.org/features/amp'

export const amp = defineModule({
  name: 'amp',
  specs: [{ xep: 79, version: '1.2', status: 'partial' }], // no hops: other servers come with their own issue
  features: [NS_AMP],
  streamFeatures: () => [xml('amp', { xmlns: NS_AMP_FEATURE })],

  setup({ nodes, server }) {
    // §2.1.1: which conditions and actions there are.
    nodes.add('server', NS_AMP, {
      info: () => [
        xml('identity', { category: 'server', type: 'im', name: server.name }),
        ...[NS_AMP, ...ACTIONS.map(actionFeature), ...CONDITIONS.map(conditionFeature)].map(
          (feature) => xml('feature', { var: feature }),
        ),
      ],
    })
    return undefined
  },
})

function actionFeature(action: string): string {
  return `${NS_AMP}?action=${action}`
}

function conditionFeature(condition: string): string {
  return `${NS_AMP}?condition=${condition}`
}
