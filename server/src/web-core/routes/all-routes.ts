// Every route that there is, in the order in which the document shows them. A new resource is a file beside this one and a
// line here.
import type { Route } from '../routing/route.ts'
import { agentRoutes } from './agent.ts'
import { agentsRoute } from './agents.ts'
import { auditRoutes } from './audit.ts'
import { billingRoutes } from './billing.ts'
import { blobRoutes } from './blob.ts'
import { creditNoteRoute } from './credit-note.ts'
import { hqSessionRoutes } from './hq-session.ts'
import { jobCancelRoute } from './job-cancel.ts'
import { jobEventsRoute } from './job-events.ts'
import { jobListRoutes } from './job-list.ts'
import { jobReceiptRoutes } from './job-receipt.ts'
import { jobReplayRoutes } from './job-replay.ts'
import { jobRequestRoute } from './job-request.ts'
import { jobShardsRoute } from './job-shards.ts'
import { jobsRoutes } from './jobs.ts'
import { keysRoutes } from './keys.ts'
import { kvRoutes } from './kv.ts'
import { limitsRoutes } from './limits.ts'
import { memoryRoute } from './memory.ts'
import { metricsRoute } from './metrics.ts'
import { operatorAgentRoutes } from './operator-agents.ts'
import { opsRoutes } from './ops.ts'
import { poolsRoutes } from './pools.ts'
import { projectsRoutes } from './projects.ts'
import { serverRoutes } from './server.ts'
import { vmemRoutes } from './vmem.ts'
import { webhookDeliveryRoutes } from './webhook-deliveries.ts'
import { deleteWebhookRoute, webhookRoutes } from './webhooks.ts'

export const ROUTES: readonly Route[] = [
  ...opsRoutes,
  ...jobListRoutes,
  ...jobsRoutes,
  jobRequestRoute,
  jobShardsRoute,
  ...jobReceiptRoutes,
  jobEventsRoute,
  jobCancelRoute,
  ...jobReplayRoutes,
  memoryRoute,
  ...kvRoutes,
  ...blobRoutes,
  ...vmemRoutes,
  ...billingRoutes,
  creditNoteRoute,
  ...keysRoutes,
  ...poolsRoutes,
  agentsRoute,
  ...operatorAgentRoutes,
  ...webhookRoutes,
  ...webhookDeliveryRoutes,
  deleteWebhookRoute,
  ...auditRoutes,
  ...limitsRoutes,
  ...projectsRoutes,
  ...hqSessionRoutes,
  ...serverRoutes,
  ...agentRoutes,
  metricsRoute,
]
