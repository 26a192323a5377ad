// What HTTP says of itself: how long requests took, by the template of their route, so that no name a client chooses makes a
// series.
import { Histogram, type Registry } from 'prom-client'
import { REQUEST_SECONDS } from './buckets.ts'

export interface HttpMetrics {
  /** `route` is its template, `other` for what is no route: pages, and addresses that nothing is at. */
  requested(method: string, route: string, status: number, seconds: number): void
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
export const OTHER = 'other'

export function httpMetrics(registry: Registry): HttpMetrics {
  const requests = new Histogram({
    name: 'forge_http_request_duration_seconds',
    help: 'Requests, from their head to the head of their answer',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers: [registry],
  })
  return {
    requested(method, route, status, seconds) {
      requests.observe({ method: METHODS.has(method) ? method : OTHER, route, status }, seconds)
    },
  }
}
