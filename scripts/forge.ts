// `pnpm forge <command>`: what an operator does with a store beside the server, and what anybody does with a bundle, far from
// any server. It ends with 0 when all is well, with 1 when it found problems, with 2 when it could not look.
import { loadConfig } from '@forge/server/config.ts'
import { sentenceFor } from '@forge/server/sentence-for.ts'
import { openForReading } from '@forge/server/store/open-store.ts'
import { verifyStore } from '@forge/server/verify-store/verify-store.ts'
import { backUpStore, forgetNetworks, restoreStore } from './forge/backup-store.ts'
import { CannotVerify, verifyBundle } from './forge/verify-bundle.ts'

const USAGE = `Usage: pnpm forge verify-store
       pnpm forge backup --to DIR [--without-objects]
       pnpm forge restore --from DIR
       pnpm forge forget-networks --older-than DAYS
       pnpm forge verify bundle.json [--shards 20] [--engine wasm] [--keys forge-keys.json]

  verify-store  reads the whole store and says what is not as it was written: events, shards, records,
                answers, ledger, receipts, notices and quarantines of every job. It changes nothing. The
                store is that of DATABASE_URL or FORGE_DATA_DIR; an embedded one must not be in use by a
                server.
  backup        writes the whole store into a new folder, as of one moment: all tables, and the bytes of blobs
                and arrays unless told otherwise. With Postgres the server may go on. The folder holds secrets.
  restore       puts a backup into an empty database or an empty FORGE_DATA_DIR, of either kind, whichever
                kind it came from. It is there whole or not at all. Run verify-store after it.
  forget-networks  puts numbers in the place of the networks that answers came from, in jobs that ended so many
                days ago (0: all that have ended). What FORGE_NETWORKS_DAYS does every hour.
  verify        checks the bundle of a completed job without a server: signatures, digests, plan, bill,
                sample and bound, the output from its partials, and so many shards at random by running
                them again (--engine wasm or reference). --keys names the server's list of keys, from its
                /.well-known/forge-keys.json; without it, whose signature it is stays open.
`

// Who reads the first lines alone, as `head` does, hangs up: the work goes on, for a backup is not to end in its middle, and
// its exit code still says how it went.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const [command, ...more] = process.argv.slice(2)
const run = commandOf(command, more)
if (command === '--help' || command === 'help') console.log(USAGE)
else if (run === null) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  try {
    process.exitCode = (await run()) > 0 ? 1 : 0
  } catch (error) {
    console.error(error instanceof CannotVerify ? error.message : (sentenceFor(error) ?? error))
    process.exitCode = 2
  }
}

/** What counts problems; null when there is no such command. */
function commandOf(name: string | undefined, args: readonly string[]): (() => Promise<number>) | null {
  if (name === 'verify-store' && args.length === 0) return verified
  if (name === 'backup') return () => backUpStore(args, (line) => console.log(line))
  if (name === 'forget-networks') return () => forgetNetworks(args, (line) => console.log(line))
  if (name === 'restore') return () => restoreStore(args, (line) => console.log(line))
  if (name === 'verify' && args.length > 0) return () => verifyBundle(args, (line) => console.log(line))
  return null
}

async function verified(): Promise<number> {
  const { databaseUrl, dataDir } = loadConfig(process.env)
  const reading = await openForReading({ dataDir, ...(databaseUrl === null ? {} : { databaseUrl }) })
  try {
    const { jobs, shards, problems, notReduced, dropped } = await verifyStore(reading, (line) => console.log(line))
    const left = notReduced === 0 ? '' : `; ${notReduced} jobs not reduced again: this version lacks their kernels`
    const kept = dropped === 0 ? '' : `; ${dropped} jobs not reduced again: their partials were kept no longer`
    console.log(`${jobs} jobs, ${shards} shards, ${problems} problems${left}${kept}`)
    return problems
  } finally {
    await reading.close()
  }
}
