import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../../support/temporary.ts'
import { Condition } from './condition.ts'

export interface LinphoneOptions {
  user: string
  domain: string
  password: string
  transport: 'udp' | 'tcp' | 'tls'
  port: number
  /** Watches these people by a list, sent to this URI (RFC 5367). */
  list?: { uri: string; friends: readonly string[] }
}

/** Debian’s linphonec, a SIP user agent: registers, publishes, subscribes to friends, chats. */
export class Linphone implements AsyncDisposable {
  readonly #directory = temporaryDirectory()
  readonly #child: ChildProcessWithoutNullStreams
  readonly #condition = new Condition()
  #output = ''

  constructor(options: LinphoneOptions) {
    const { path } = this.#directory
    // Without this directory for its database it crashes.
    mkdirSync(join(path, '.local/share/linphone'), { recursive: true })
    const config = join(path, 'linphonerc')
    writeFileSync(config, configText(options))
    this.#child = spawn('linphonec', ['-d', '6', '-c', config], {
      env: { ...process.env, HOME: path, XDG_DATA_HOME: join(path, '.local/share') },
    })
    const take = (chunk: Buffer) => {
      this.#output += chunk.toString()
      this.#condition.changed()
    }
    this.#child.stdout.on('data', take)
    this.#child.stderr.on('data', take)
    this.#child.on('close', () => this.#condition.end())
  }

  /** A command as a person would type it. */
  type(line: string): void {
    this.#child.stdin.write(`${line}\n`)
  }

  /** Resolves when its output, the log of SIP messages included, holds this. */
  saw(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#condition.until(
      () => pattern.exec(this.#output) ?? undefined,
      () => `${pattern}; ${this.#output.slice(-6000)}`,
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#condition.hasEnded) {
      this.#child.kill('SIGKILL')
      await once(this.#child, 'close')
    }
    this.#directory[Symbol.dispose]()
  }
}

function configText(options: LinphoneOptions): string {
  const { user, domain, password, transport, port, list } = options
  const server = `<sip:127.0.0.1:${port};transport=${transport};lr>`
  const own = { udp: 0, tcp: 0, tls: 0, [transport]: -1 }
  return `[sip]
sip_port=${own.udp}
sip_tcp_port=${own.tcp}
sip_tls_port=${own.tls}
default_proxy=0
publish_presence=1
verify_server_certs=0
verify_server_cn=0
${list ? `rls_uri=${list.uri}\nuse_rls_presence=1\n` : ''}[auth_info_0]
username=${user}
passwd=${password}
realm=${domain}
[proxy_0]
reg_proxy=${server}
reg_route=${server}
reg_identity=sip:${user}@${domain}
reg_expires=600
reg_sendregister=1
publish=1
publish_expires=600
[sound]
playback_dev_id=none
${(list?.friends ?? []).map((friend, at) => friendText(at, `sip:${friend}@${domain}`)).join('')}`
}

function friendText(at: number, uri: string): string {
  return `[friend_${at}]\nurl=<${uri}>\npol=accept\nsubscribe=1\n`
}
