// The Hub in numbers. What it counts is counted in its core, and only carried over when a scrape asks; acknowledgements are
// timed at the edge.
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { HubFigures } from '../hub/edge/figures.ts'
import { ACK_SECONDS } from './buckets.ts'

export interface HubMetrics {
  /** From an answer's frame to the reply: `stored` durable, `refused` whatever else. */
  acknowledged(outcome: 'stored' | 'refused', seconds: number): void
}

export function hubMetrics(registry: Registry, figures: () => HubFigures | null): HubMetrics {
  const counts = (name: string, help: string, of: (counts: HubFigures['counts']) => number): void => {
    carried(registry, name, help, [], () => {
      const found = figures()
      return found === null ? [] : [[{}, of(found.counts)]]
    })
  }
  carried(registry, 'forge_shards_assigned_total', 'Shards handed out, by what for', ['role'], () =>
    Object.entries(figures()?.counts.assigned ?? {}).map(([role, shards]) => [{ role }, shards]),
  )
  counts('forge_shards_backups_total', 'Shards given to a second agent because the first was slow', (c) => c.backups)
  counts('forge_shards_answered_total', 'Shards whose answers went to the store', (c) => c.answered)
  counts('forge_shards_accepted_total', 'Shards that got their digest, each once', (c) => c.accepted)
  counts('forge_shards_rejected_total', 'Answers that another one proved wrong', (c) => c.rejected)
  counts('forge_shards_voided_total', 'Answers that no longer count, for their author was exposed', (c) => c.voided)
  counts('forge_shards_expired_total', 'Shards that a lease still held when its time was over', (c) => c.expired)
  counts('forge_shards_failed_total', 'Shards that an agent gave up on or got impossibly wrong', (c) => c.failed)
  counts('forge_verification_checks_total', 'Checked shards of completed jobs', (c) => c.checked)
  counts('forge_verification_mismatches_total', 'Shards of completed jobs with a differing answer', (c) => c.mismatches)
  counts(
    'forge_jobs_escalated_total',
    'Jobs that completed with everything checked, after an exposure',
    (c) => c.escalated,
  )
  counts('forge_jobs_degraded_total', 'Jobs that completed with fewer checks than asked', (c) => c.degraded)
  counts('forge_quarantines_total', 'Identities that were exposed', (c) => c.quarantines)
  gauges(registry, figures)
  const acks = new Histogram({
    name: 'forge_answer_ack_seconds',
    help: 'Answers, from their frame to their acknowledgement',
    labelNames: ['outcome'],
    buckets: ACK_SECONDS,
    registers: [registry],
  })
  return { acknowledged: (outcome, seconds) => acks.observe({ outcome }, seconds) }
}

type Values = readonly (readonly [Record<string, string>, number])[]

function carried(registry: Registry, name: string, help: string, labelNames: string[], values: () => Values): void {
  void new Counter({
    name,
    help,
    labelNames,
    registers: [registry],
    collect() {
      this.reset()
      for (const [labels, value] of values()) this.inc(labels, value)
    },
  })
}

function gauges(registry: Registry, figures: () => HubFigures | null): void {
  const gauge = (name: string, help: string, labelNames: string[], of: (found: HubFigures) => Values): void => {
    void new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      collect() {
        this.reset()
        const found = figures()
        if (found !== null) for (const [labels, value] of of(found)) this.set(labels, value)
      },
    })
  }
  const by = (label: string, values: Readonly<Record<string, number>>): Values =>
    Object.entries(values).map(([name, value]) => [{ [label]: name }, value])
  gauge('forge_jobs', 'Unfinished jobs of this server', ['state'], ({ jobs }) => by('state', jobs))
  gauge('forge_shards_waiting', 'Shards that wait for an agent', ['queue'], ({ queues }) => by('queue', queues))
  gauge('forge_leases', 'Assignments that agents hold', [], ({ leases }) => [[{}, leases]])
  gauge('forge_agents', 'Agents online, the referee included', ['engine', 'tier'], ({ agents }) =>
    agents.map(({ engine, tier, agents: count }) => [{ engine, tier }, count]),
  )
  gauge('forge_identities_quarantined', 'Identities that may not work', [], ({ quarantined }) => [[{}, quarantined]])
}
