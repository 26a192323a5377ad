// `pnpm forge backup`, `restore` and `forget-networks`: of the store that the environment names, with the objects beside it.
import { parseArgs } from 'node:util'
import { backUp } from '@forge/server/backup/backup.ts'
import type { Manifest } from '@forge/server/backup/manifest.ts'
import { restore } from '@forge/server/backup/restore.ts'
import { loadConfig, type Config } from '@forge/server/config.ts'
import { openObjectsBesideServer } from '@forge/server/memory/blob/open-objects.ts'
import { forgetOld } from '@forge/server/receipt/retention.ts'
import { openStore, type StoreOptions } from '@forge/server/store/open-store.ts'
import { CannotRead } from '@forge/server/store/sql-error.ts'

type Say = (line: string) => void

export async function backUpStore(args: readonly string[], say: Say): Promise<number> {
  const { to, 'without-objects': without } = parsed(args, {
    to: { type: 'string' },
    'without-objects': { type: 'boolean' },
  })
  if (typeof to !== 'string') throw new CannotRead('Name a new folder: --to /backups/2026-11-27')
  const config = loadConfig(process.env)
  const objects = without === true ? null : await openObjectsBesideServer(config)
  const manifest = await backUp({ store: storeOf(config), objects, folder: to, nowMs: Date.now() })
  say(`Backed up into ${to}: ${counted(manifest)}.`)
  if (config.signingKey !== null) say('FORGE_SIGNING_KEY is not in it: keep it elsewhere, with the other settings.')
  return 0
}

export async function restoreStore(args: readonly string[], say: Say): Promise<number> {
  const { from } = parsed(args, { from: { type: 'string' } })
  if (typeof from !== 'string') throw new CannotRead('Name the folder of a backup: --from /backups/2026-11-27')
  const config = loadConfig(process.env)
  const manifest = await restore({
    store: storeOf(config),
    objects: await openObjectsBesideServer(config),
    folder: from,
  })
  say(`Restored what was there at ${manifest.created_at}: ${counted(manifest)}.`)
  if (manifest.objects === null)
    say(
      'The bytes of blobs and arrays are not in it: put them in place before the server starts (docs/operate.md, Backup).',
    )
  say('Now run: pnpm forge verify-store')
  return 0
}

/** Of jobs that ended so many days ago, once and at once: what the server does hourly where FORGE_NETWORKS_DAYS is set. */
export async function forgetNetworks(args: readonly string[], say: Say): Promise<number> {
  const { 'older-than': days } = parsed(args, { 'older-than': { type: 'string' } })
  if (typeof days !== 'string' || !/^\d{1,5}$/.test(days))
    throw new CannotRead('Name a number of days: --older-than 30')
  const store = await openStore(storeOf(loadConfig(process.env)))
  try {
    const deps = { store, clock: Date.now, networksDays: Number(days) }
    const jobs = await forgetOld(deps, new AbortController().signal)
    say(`The networks of ${jobs} jobs are forgotten. Backups from before still have them.`)
    return 0
  } finally {
    await store.close()
  }
}

function parsed(args: readonly string[], options: NonNullable<Parameters<typeof parseArgs>[0]>['options']) {
  try {
    return parseArgs({ args: [...args], options: { ...options }, strict: true }).values
  } catch (error) {
    throw new CannotRead(error instanceof Error ? error.message : String(error))
  }
}

const storeOf = ({ databaseUrl, dataDir }: Config): StoreOptions => ({
  dataDir,
  ...(databaseUrl === null ? {} : { databaseUrl }),
})

function counted({ tables, objects }: Manifest): string {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0)
  const kept = objects === null ? 'without objects' : `${objects.count} objects of ${objects.bytes} bytes`
  return `${tables['jobs']?.rows ?? 0} jobs, ${rows} rows in ${Object.keys(tables).length} tables, ${kept}`
}
