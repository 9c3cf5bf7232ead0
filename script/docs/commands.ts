/** docs/reference/cli.md: what `heliograph --help` says, of every command. */
import { commands } from '../../src/cli/commands/index.ts'
import { commandHelp, overview } from '../../src/cli/help.ts'
import { page } from './markdown.ts'

export function commandsPage(): string {
  return page(
    'Command line',
    `\`bin/heliograph\` talks to the running server through the Unix socket in its data directory (\`--data DIR\`, else
\`HELIOGRAPH_DATA\`, else \`./data\`): whoever may write to that socket is an administrator. With \`--json\` it prints the API's answer.`,
    block(overview(commands)),
    ...commands.map((command) => `## ${command.path.join(' ')}\n\n${block(commandHelp(command))}`),
  )
}

function block(text: string): string {
  return `\`\`\`\n${text}\n\`\`\``
}
