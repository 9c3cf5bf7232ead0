/** Clients that have signed in and may come back without a password (XEP-0484), as their owner and administrators see them. */
import type { BareJid } from '../core/address.ts'
import type { Database } from '../storage/database.ts'
import {
  type FastTokenRow,
  FastTokenRows,
  removeFastTokens,
} from '../storage/stores/fast-tokens.ts'
import type { Log } from '../util/log.ts'
import { DirectoryError } from './errors.ts'
import { Signal } from './signal.ts'

export interface Device {
  /** Tells devices of one account apart; nobody can be the device who knows it. */
  readonly id: string
  /** As it calls itself, where it does. */
  readonly software: string | undefined
  readonly model: string | undefined
  /** When it was last given or used what it signs in with, to the day; milliseconds since the epoch. */
  readonly usedAt: number
  /** Until when it may stay away. */
  readonly until: number
}

export interface DeviceRemoved {
  readonly account: BareJid
  /** All of them, where absent. */
  readonly device: string | undefined
}

export class Devices {
  readonly #database: Database
  readonly #rows: FastTokenRows
  readonly #removed: Signal<DeviceRemoved>

  constructor({ database, log }: { database: Database; log: Log }) {
    this.#database = database
    this.#rows = new FastTokenRows(database)
    this.#removed = new Signal('device-removed', log)
  }

  /** It has to sign in anew: called after the change is committed. */
  onRemoved(listener: (event: DeviceRemoved) => void): Disposable {
    return this.#removed.listen(listener)
  }

  /** Last used first. */
  async list(account: BareJid): Promise<Device[]> {
    const devices = new Map<string, Device>()
    for (const row of await this.#rows.list(account)) {
      const known = devices.get(row.client)
      devices.set(row.client, known ? later(known, parseDevice(row)) : parseDevice(row))
    }
    return [...devices.values()].sort((one, other) => other.usedAt - one.usedAt)
  }

  /** Throws `DirectoryError` `NO_SUCH_DEVICE`. */
  async remove(account: BareJid, device: string): Promise<void> {
    if (!(await this.#rows.remove({ account, client: device }))) {
      throw new DirectoryError('NO_SUCH_DEVICE', 'the user has no such device')
    }
    this.#removed.emit({ account, device })
  }

  async removeAll(account: BareJid): Promise<void> {
    await removeFastTokens(this.#database.kysely, account)
    this.#removed.emit({ account, device: undefined })
  }
}

function parseDevice(row: FastTokenRow): Device {
  return {
    id: row.client,
    software: row.software ?? undefined,
    model: row.device ?? undefined,
    usedAt: row.used_at,
    until: row.expires_at,
  }
}

/** Of the two tokens that it may have. */
function later(one: Device, other: Device): Device {
  const newer = other.until >= one.until ? other : one
  return { ...newer, usedAt: Math.max(one.usedAt, other.usedAt) }
}
