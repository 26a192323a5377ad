// All rows of a project, for tests that nobody else changes or sees them.
import { EXAMPLE } from './examples.ts'
import type { ExampleWorld, Tenant } from './examples.fixtures.ts'

export async function everythingOf({ store }: Pick<ExampleWorld, 'store'>, tenant: Tenant): Promise<unknown> {
  const all = { after: null, limit: 1_000 }
  const { projectId, ids } = tenant
  return {
    project: await store.project(projectId),
    keys: await store.apiKeys(projectId, all),
    pools: await store.pools(projectId, all),
    tokens: await store.nodeTokens(projectId, all),
    webhooks: await store.webhooks(projectId, all),
    deliveries: await store.webhookDeliveries(projectId, ids.webhook, all),
    kv: await store.kvOf(projectId, EXAMPLE.kvNamespace, '', all, Date.now()),
    blobs: await store.blobsOf(projectId, '', all, Date.now()),
    arrays: await store.vmemOf(projectId, '', all),
    memory: await store.memoryUsage(projectId),
    acts: await store.actsOf(projectId, all),
    ledger: await store.ledgerAfter(projectId, 0),
    jobs: await Promise.all([ids.job, ids.finishedJob].map((id) => store.job(id))),
  }
}
