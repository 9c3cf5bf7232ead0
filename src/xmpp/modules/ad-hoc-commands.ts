/** XEP-0050: Ad-Hoc Commands, at a domain. Which there are: `../commands`. */

import { type Element, xml } from '../../xml/element.ts'
import { administration } from '../commands/administration.ts'
import type { Caller, Command } from '../commands/command.ts'
import { CommandSessions, NS_COMMANDS } from '../commands/command-sessions.ts'
import { inviting } from '../commands/inviting.ts'
import { badRequest, forbidden, itemNotFound } from '../errors.ts'
import { NS_FORM } from '../forms/form.ts'
import type { IqRequest } from '../iq/iq-handlers.ts'
import { defineModule } from '../module.ts'
import { NS_DISCO_INFO } from '../namespaces.ts'

export const adHocCommands = defineModule({
  name: 'ad-hoc-commands',
  specs: [
    { xep: 4, version: '2.13.2', status: 'partial' }, // no tables of results
    { xep: 50, version: '1.3.0', status: 'complete' },
    { xep: 133, version: '1.3.1', status: 'partial' }, // see ../commands/administration.ts
  ],
  features: [NS_COMMANDS],

  setup(context) {
    const { iq, nodes, clock } = context
    const commands: readonly Command[] = [...administration(context), ...inviting(context)]
    const sessions = new CommandSessions(clock)
    nodes.add('server', NS_COMMANDS, {
      info: () => [
        xml('identity', { category: 'automation', type: 'command-list', name: 'Commands' }),
        xml('feature', { var: NS_COMMANDS }),
      ],
      // §3.1: those that he may run, and no others.
      items: (request) => {
        const caller = callerOf(request)
        return commands
          .filter((command) => command.mayRun(caller))
          .map(({ node, name }) => xml('item', { jid: request.to, node, name }))
      },
    })
    for (const command of commands) {
      nodes.add('server', command.node, { info: (request) => commandInfo(command, request) })
    }
    iq.server.set(NS_COMMANDS, 'command', (request) => {
      const { payload } = request
      const wanted = payload.attr('node')
      if (wanted === undefined) throw badRequest('which command?')
      const command = commands.find(({ node }) => node === wanted)
      if (!command) throw itemNotFound()
      const caller = callerOf(request)
      if (!command.mayRun(caller)) throw forbidden()
      return sessions.take(caller, command, payload)
    })
    return sessions
  },
})

/** §3.2. */
function commandInfo(command: Command, request: IqRequest): Element[] {
  if (!command.mayRun(callerOf(request))) throw forbidden()
  return [
    xml('identity', { category: 'automation', type: 'command-node', name: command.name }),
    ...[NS_COMMANDS, NS_FORM, NS_DISCO_INFO].map((feature) => xml('feature', { var: feature })),
  ]
}

function callerOf({ from, to }: IqRequest): Caller {
  return { from, domain: to }
}
