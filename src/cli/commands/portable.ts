/** `heliograph export` and `heliograph import`: accounts that move from server to server (XEP-0227). */
import { createReadStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { query } from '../api-client.ts'
import { type Command, defineCommand } from '../command.ts'
import { CliError } from '../exit-codes.ts'
import type { PortableReply } from '../replies.ts'

const exportAccounts = defineCommand({
  path: ['export'],
  summary: 'Export accounts in the format of XEP-0227; the file is a secret',
  args: [
    {
      name: 'file',
      optional: true,
      doc: 'The file, which only its owner may read; standard output where not given, or for -.',
    },
  ],
  options: { domain: { value: 'DOMAIN', doc: 'The users of this domain only.' } },
  example: 'heliograph export --domain example.com accounts.xml',
  async run({ api, args: { file }, options: { domain } }) {
    const target = `/api/v1/accounts/export${query({ domain })}`
    const body = await api.download({ method: 'POST', path: target })
    if (file === '' || file === '-') {
      await pipeline(body, process.stdout, { end: false }).catch(incomplete)
      return { json: undefined, text: '' }
    }
    await save(body, file)
    return { json: { done: 'exported', target: file }, text: `exported: ${file}` }
  },
})

/** Under its name only when it is complete. */
async function save(body: Readable, file: string): Promise<void> {
  const unfinished = `${file}.part`
  const fail = (error: unknown) => {
    body.destroy()
    throw unreadable('write', file, error)
  }
  await rm(unfinished, { force: true }).catch(fail)
  // A new file: one that is there could be somebody else's to read.
  const handle = await open(unfinished, 'wx', 0o600).catch(fail)
  try {
    await pipeline(body, handle.createWriteStream({ flush: true }))
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    incomplete(error)
  }
}

function incomplete(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error)
  throw new CliError('refused', 'INTERRUPTED', `the export is not complete: ${reason}`)
}

const importAccounts = defineCommand({
  path: ['import'],
  summary: 'Import accounts from a file of XEP-0227',
  args: [{ name: 'file', doc: 'The file; - for standard input.' }],
  options: {
    'dry-run': { doc: 'Check every account and change nothing.' },
    overwrite: {
      doc: 'Give users who exist what the file says; they are left as they are otherwise.',
    },
  },
  example: 'heliograph import accounts.xml --dry-run',
  async run({ api, args, switches }) {
    const dryRun = switches.has('dry-run')
    const overwrite = switches.has('overwrite')
    const report = (await api.call({
      method: 'POST',
      path: `/api/v1/accounts/import${query({ dryRun, overwrite })}`,
      file: { bytes: await source(args.file), type: 'application/xml' },
    })) as PortableReply
    const exitCode = report.problemsTotal > 0 ? 1 : 0
    return { json: report, text: textOf(report, dryRun), exitCode }
  },
})

/** Opened before anything is sent. */
async function source(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  const stream = createReadStream(file)
  const opened = Promise.withResolvers<void>()
  stream.once('ready', opened.resolve).once('error', opened.reject)
  await opened.promise.catch((error: unknown) => {
    throw unreadable('read', file, error)
  })
  return stream
}

function unreadable(verb: string, file: string, error: unknown): CliError {
  const reason = error instanceof Error ? error.message : String(error)
  return new CliError('usage', 'CLI_UNREADABLE', `cannot ${verb} ${file}: ${reason}`)
}

function textOf(report: PortableReply, dryRun: boolean): string {
  const { added, updated, unchanged, failed, problems, problemsTotal, skipped } = report
  const lines = problems.map(({ account, code, reason }) =>
    [account, code, reason].filter((part) => part !== '').join(': '),
  )
  if (problemsTotal > problems.length) lines.push(`and ${problemsTotal - problems.length} more`)
  for (const { section, count } of skipped) lines.push(`not kept here: ${section}, ${count} times`)
  const counts = `added ${added}, updated ${updated}, unchanged ${unchanged}, refused ${failed}`
  lines.push(dryRun ? `dry run: ${counts}` : counts)
  return lines.join('\n')
}

export const portableCommands: readonly Command[] = [exportAccounts, importAccounts]
