/** A PostgreSQL for a whole run of tests: prints its URL, and ends with its standard input. */
import { startPostgres } from './postgres.ts'

process.stdout.write(`${await startPostgres()}\n`)
process.stdin.resume()
