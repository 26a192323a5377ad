// The founding document's request, as printed: what the documentation shows and what HQ's form begins with.

export const FOUNDING_REQUEST = {
  ctx: { job_id: 'app-req-001', trace_id: 'trace-001', billing: { mode: 'billable' } },
  op: { name: 'mc', version: 1, profile: 'insurance.v1' },
  seed: { mode: 'explicit', value: 'ROOT_SEED_001' },
  policy: { target: 'cpu', min_agents: 1, max_agents: 50, verify: 'spotcheck' },
  args: { iterations: 10_000_000, claim_freq: 2, claim_severity_mu: 6, claim_severity_sig: 1 },
} as const
