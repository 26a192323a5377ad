// All that a server counts, in one registry of its own: two servers in a process, as in tests, do not mix. What is of the
// process itself (memory, event loop, garbage collection) is watched once and shown by each.
import { collectDefaultMetrics, Registry } from 'prom-client'
import type { HubFigures } from '../hub/edge/figures.ts'
import type { StoreObserver } from '../store/observer.ts'
import type { StoreTotals } from '../store/totals.ts'
import { httpMetrics, type HttpMetrics } from './http-metrics.ts'
import { hubMetrics, type HubMetrics } from './hub-metrics.ts'
import { jobMetrics, type JobMetrics } from './job-metrics.ts'
import { storeMetrics } from './store-metrics.ts'
import { totalsMetrics } from './totals-metrics.ts'

/** Where the figures come from that are read when a scrape asks. */
export interface MetricSources {
  figures(): HubFigures
  totals(): Promise<StoreTotals>
}

export interface Metrics extends HttpMetrics, HubMetrics, Pick<JobMetrics, 'forgotten'> {
  readonly store: StoreObserver
  readonly contentType: string
  /** Until then nothing is read: the server is starting. */
  watch(sources: MetricSources): void
  /** In Prometheus' text format, version 0.0.4. */
  text(): Promise<string>
  /** Each with its type and labels, for the documentation's test. */
  described(): MetricDescription[]
}

export interface MetricDescription {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly labels: readonly string[]
}

let ofProcess: Registry | undefined

/** Its observers of event loop and garbage collection cannot be taken off again: one set is enough for a process. */
function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry()
    collectDefaultMetrics({ register: ofProcess })
  }
  return ofProcess
}

export function createMetrics(clock: () => number = Date.now): Metrics {
  const registry = new Registry()
  const shared = processRegistry()
  let sources: MetricSources | null = null
  let figures: HubFigures | null = null
  const totals = totalsMetrics(registry, () => sources?.totals() ?? null, clock)
  const jobs = jobMetrics(registry)
  return {
    ...httpMetrics(registry),
    ...hubMetrics(registry, () => figures),
    forgotten: jobs.forgotten,
    store: { ...storeMetrics(registry), ...jobs.store },
    contentType: registry.contentType,
    watch(given) {
      sources = given
    },
    async text() {
      await totals.read()
      // Once a scrape, and not once a metric: it looks at every job and agent.
      figures = sources?.figures() ?? null
      return `${await registry.metrics()}${await shared.metrics()}`
    },
    described: () => [...registry.getMetricsAsArray(), ...shared.getMetricsAsArray()].map(descriptionOf),
  }
}

/** prom-client keeps the labels on the metric and leaves them out of its types. */
function descriptionOf(metric: object): MetricDescription {
  const { name, type, help, labelNames } = metric as {
    name: string
    type: string
    help: string
    labelNames?: readonly string[]
  }
  return { name, type: String(type), help, labels: labelNames ?? [] }
}
