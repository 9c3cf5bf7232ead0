/**
 * The files themselves. One that is arriving is in `partial`; once it is all there, and on the disk, it is moved to its
 * place. Names on the disk are our own, never those that people give.
 */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { OperatorError } from '../../util/operator-error.ts'
import { UploadError } from './upload-error.ts'

const PARTIAL = 'partial'
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The body ended early, or said more than it was to say. */
export class WrongLength extends Error {}

export class FileStore {
  readonly #directory: string
  readonly #made = new Set<string>()

  /** Makes the directory, and removes what a crash left half there. Throws `OperatorError` `DATA_UNWRITABLE`. */
  static async open(directory: string): Promise<FileStore> {
    try {
      const partial = join(directory, PARTIAL)
      await mkdir(partial, { recursive: true, mode: 0o700 })
      for (const name of await readdir(partial)) {
        await rm(join(partial, name), { force: true, recursive: true })
      }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new OperatorError('DATA_UNWRITABLE', `cannot use ${directory}: ${reason}`)
    }
    return new FileStore(directory)
  }

  private constructor(directory: string) {
    this.#directory = directory
  }

  /**
   * Resolves when the file is on the disk; whatever is wrong, nothing of it stays there. Throws `WrongLength`,
   * `UploadError` `full`, and what `body` throws.
   */
  async write(id: string, size: number, body: AsyncIterable<Uint8Array>): Promise<void> {
    const partial = join(this.#directory, PARTIAL, id)
    const file = await open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      try {
        await copy(body, file, size)
        await file.sync()
      } finally {
        await file.close()
      }
      await this.#place(partial, id)
    } catch (error) {
      await rm(partial, { force: true })
      if (!NO_ROOM.has(codeOf(error))) throw error
      throw new UploadError('full', 'The server has no room for more files')
    }
  }

  /** For reading; `undefined` where it is not there, or not as it was. */
  async read(id: string, size: number): Promise<FileHandle | undefined> {
    let file: FileHandle
    try {
      file = await open(this.#pathOf(id), O_RDONLY | O_NOFOLLOW)
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ELOOP') return undefined
      throw error
    }
    const stat = await file.stat()
    if (stat.isFile() && stat.size === size) return file
    await file.close()
    return undefined
  }

  async remove(id: string): Promise<void> {
    try {
      await unlink(this.#pathOf(id))
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }

  async #place(partial: string, id: string): Promise<void> {
    const folder = this.#folderOf(id)
    if (!this.#made.has(folder)) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await sync(this.#directory)
      this.#made.add(folder)
    }
    await rename(partial, this.#pathOf(id))
    await sync(folder)
  }

  /** Few enough in each that no file system minds. */
  #folderOf(id: string): string {
    return join(this.#directory, id.slice(0, 2))
  }

  #pathOf(id: string): string {
    return join(this.#folderOf(id), id)
  }
}

async function copy(
  body: AsyncIterable<Uint8Array>,
  file: FileHandle,
  size: number,
): Promise<void> {
  let written = 0
  for await (const chunk of body) {
    written += chunk.length
    if (written > size) throw new WrongLength('the file is longer than it was to be')
    await file.writeFile(chunk)
  }
  if (written < size) throw new WrongLength('the file is shorter than it was to be')
}

/** What a directory holds is durable once the directory is. */
async function sync(directory: string): Promise<void> {
  const handle = await open(directory, O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
