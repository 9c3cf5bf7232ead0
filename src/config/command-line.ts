/** The server's flags. */
import { OperatorError } from '../util/operator-error.ts'
import type { Statement } from './sources.ts'

export interface CommandLine {
  readonly help: boolean
  readonly version: boolean
  /** The configuration file. */
  readonly file: string | undefined
  readonly statements: readonly Statement[]
}

/** Throws `CFG_USAGE`. A flag's value is the next argument or follows an equals sign. */
export function parseCommandLine(args: readonly string[], cwd: string): CommandLine {
  const statements: Statement[] = []
  let file: string | undefined
  let help = false
  let version = false
  const rest = [...args]
  const say = (name: string, raw: string, origin: string) =>
    statements.push({ name, raw, origin, directory: cwd })

  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    const [flag = '', attached] = splitOnce(arg)
    const value = () => attached ?? rest.shift() ?? missing(flag)
    if (flag === '--help' || flag === '-h') help = true
    else if (flag === '--version') version = true
    else if (flag === '--config') file = value()
    else if (flag === '--demo') say('demo', attached ?? 'true', flag)
    else if (flag === '--data') say('data', value(), flag)
    else if (flag === '--set') {
      const [name = '', raw] = splitOnce(value())
      if (raw === undefined) throw usage(`--set expects NAME=VALUE, got "${name}"`)
      say(name, raw, `--set ${name}`)
    } else
      throw usage(`unknown argument "${arg}"; options of the configuration are --set NAME=VALUE`)
  }
  return { help, version, file, statements }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

function missing(flag: string): never {
  throw usage(`${flag} expects a value`)
}

function usage(message: string): OperatorError {
  return new OperatorError('CFG_USAGE', `${message} (--help lists all flags)`)
}

export const USAGE = `Usage: script/server [--config FILE] [--data DIR] [--set NAME=VALUE]... [--demo]

The presence and instant-messaging server, in the foreground.

  --config FILE       YAML file with options
  --data DIR          directory of the database and certificates (default ./data)
  --set NAME=VALUE    set one option, such as --set listen.xmpp=127.0.0.1:5222; repeatable
  --demo              domain localhost with users alice, bob, carol and dave, on loopback only
  --version           print the version
  --help              print this

Each option can also come from the environment: HELIOGRAPH_LISTEN_XMPP for listen.xmpp.
Flags win over the environment, the environment over the file. All options: docs/reference/config.md
`
