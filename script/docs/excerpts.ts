/**
 * Excerpts of source in documents, so that they cannot rot. Between `<!-- excerpt PATH -->` and
 * `<!-- /excerpt -->` stands the file, or with `PATH#name` the top-level declaration of that name.
 */
import { filesUnder, readProjectFile } from './markdown.ts'

const EXCERPT = /(<!-- excerpt ([^\s#]+)(?:#(\w+))? -->\n)[\s\S]*?(<!-- \/excerpt -->)/g

/** Documents that have excerpts, with those of now. */
export function documentsWithExcerpts(): [string, string][] {
  return filesUnder('docs', '.md')
    .map((path): [string, string] => [path, readProjectFile(path)])
    .filter(([, text]) => text.includes('<!-- excerpt '))
    .map(([path, text]) => [path, text.replace(EXCERPT, refreshed)])
}

function refreshed(_: string, open: string, path: string, name: string | undefined, end: string) {
  const source = readProjectFile(path)
  const code = name === undefined ? source.trimEnd() : declaration(path, source, name)
  return `${open}\`\`\`${path.split('.').at(-1)}\n${code}\n\`\`\`\n${end}`
}

/** From the comment above it to the closing bracket in the first column. */
function declaration(path: string, source: string, name: string): string {
  const lines = source.split('\n')
  const starts = new RegExp(`^(export )?(async )?(const|function|interface|class|type) ${name}\\b`)
  const at = lines.findIndex((line) => starts.test(line))
  if (at < 0) throw new Error(`${path} declares no ${name}`)
  const isWhole = !/[[({]$/.test(lines[at] ?? '')
  const length = isWhole ? 1 : lines.slice(at).findIndex((line) => /^[\])}]/.test(line)) + 1
  return lines.slice(commentAbove(lines, at), at + length).join('\n')
}

function commentAbove(lines: readonly string[], at: number): number {
  if (lines[at - 1]?.endsWith('*/') !== true) return at
  const opening = lines.slice(0, at).findLastIndex((line) => line.startsWith('/**'))
  return opening < 0 ? at : opening
}
