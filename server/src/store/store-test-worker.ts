// A second process for the store's tests: it opens a data directory, or writes into it until it is killed, and tells its
// parent how far it came: the refusal it met, or the job and then each shard that was acknowledged.
import { openStore } from './open-store.ts'
import { accepted, aJob } from './store.fixtures.ts'

const [task, dataDir = ''] = process.argv.slice(2)
const tell = (text: string) => process.send?.(text)

try {
  const store = await openStore({ dataDir })
  if (task === 'open') tell('opened')
  else {
    const job = aJob(await store.defaultProject())
    await store.insertJob(job)
    tell(job.id)
    for (let shard = 0; ; shard++) {
      await store.writeShards(accepted(job.id, [shard], 2_500))
      tell(String(shard))
    }
  }
  await store.close()
} catch (error) {
  tell(String(error))
}
process.disconnect?.()
