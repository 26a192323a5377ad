// `pnpm forge <command>`: what an operator does with a store beside the server. The settings are the server's. It ends with
// 0 when all is well, with 1 when it found problems, with 2 when it could not look.
import { loadConfig } from '@forge/server/config.ts'
import { sentenceFor } from '@forge/server/sentence-for.ts'
import { openForReading } from '@forge/server/store/open-store.ts'
import { verifyStore, type Verified } from '@forge/server/verify-store/verify-store.ts'

const USAGE = `Usage: pnpm forge verify-store

  verify-store  reads the whole store and says what is not as it was written: events, shards, records,
                answers, notices and quarantines of every job. It changes nothing. The store is that of
                DATABASE_URL or FORGE_DATA_DIR; an embedded one must not be in use by a server.
`

const [command, ...more] = process.argv.slice(2)
if (command === '--help' || command === 'help') console.log(USAGE)
else if (command !== 'verify-store' || more.length > 0) {
  console.error(USAGE)
  process.exitCode = 2
} else {
  try {
    process.exitCode = (await verified()).problems > 0 ? 1 : 0
  } catch (error) {
    console.error(sentenceFor(error) ?? error)
    process.exitCode = 2
  }
}

async function verified(): Promise<Verified> {
  const { databaseUrl, dataDir } = loadConfig(process.env)
  const reading = await openForReading({ dataDir, ...(databaseUrl === null ? {} : { databaseUrl }) })
  try {
    const found = await verifyStore(reading, (line) => console.log(line))
    const { jobs, shards, problems, notReduced } = found
    const left = notReduced === 0 ? '' : `; ${notReduced} jobs not reduced again: this version lacks their kernels`
    console.log(`${jobs} jobs, ${shards} shards, ${problems} problems${left}`)
    return found
  } finally {
    await reading.close()
  }
}
