// GET /metrics: what this server process counts, for Prometheus.
import { API_HEADERS } from '../reply.ts'
import { route } from '../routing/route.ts'

export const metricsRoute = route({
  method: 'GET',
  path: '/metrics',
  scope: 'metrics',
  tag: 'server',
  operationId: 'getMetrics',
  summary: 'Metrics',
  description:
    'What this process counts, in Prometheus’ text format. Every server process has its own. No name that a client chooses is in it, and nothing of a single project or job. Prometheus sends FORGE_METRICS_TOKEN, or FORGE_ADMIN_TOKEN, as a bearer token.',
  responses: { 200: { description: 'The metrics.', mediaTypes: ['text/plain'] } },
  problems: [],
  examples: [{ summary: 'A scrape', status: 200 }],
  async handle(_, { metrics }) {
    return new Response(await metrics.text(), { headers: { ...API_HEADERS, 'Content-Type': metrics.contentType } })
  },
})
