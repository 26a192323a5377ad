// A second process for the deliverer's test: it ends a job of a project with a webhook, says so, and then waits to be killed,
// without ever having sent anything.
import { openStore } from '../store/open-store.ts'
import { register } from '../store/ledger.fixtures.ts'
import { complete, noWrites } from '../store/store.fixtures.ts'

const [dataDir = '', projectId, webhookId = '', url = '', secret = ''] = process.argv.slice(2)
const store = await openStore({ dataDir })
const project = await store.defaultProject()
if (project !== projectId) throw new Error('the folder was prepared for this')
const hook = { id: webhookId, projectId: project, url, description: '', secret, createdAtMs: 1 }
await store.insertWebhook({ ...hook, events: ['job.completed'] }, 9)
const job = await register(store, project)
await complete(store, job, noWrites)
process.send?.(job)
