// The contracts of the stories: the founding request as printed, and small ones that end in a second. What is left out
// of `changes` is as in the founding document.
import { readFileSync } from 'node:fs'
import { contractSchema, type Policy } from '@forge/shared/contract/envelope.ts'

export interface Contract {
  readonly ctx: Readonly<Record<string, unknown>> & { readonly job_id?: string }
  readonly op: { readonly name: string; readonly version: number; readonly profile: string }
  readonly seed: { readonly mode: 'explicit'; readonly value: string }
  readonly policy: Readonly<Record<string, unknown>> & Pick<Policy, 'target' | 'min_agents' | 'max_agents' | 'verify'>
  readonly args: Readonly<Record<string, unknown>> & { readonly iterations: number }
  readonly artifacts?: Readonly<Record<string, unknown>>
}

export interface Changes {
  readonly ctx?: Readonly<Record<string, unknown>>
  readonly seed?: string
  readonly policy?: Partial<Policy>
  readonly args?: Readonly<Record<string, unknown>>
}

/** Nine shards, the last of three years: no round number anywhere. */
const SMALL_UNITS = 2 ** 20 + 3

/** Read from a file that holds it as the founding document prints it. */
export const FOUNDING: Contract = JSON.parse(
  readFileSync(new URL('../fixtures/founding-request.json', import.meta.url), 'utf8'),
)

/** The founding request with `SMALL_UNITS` years and without the client's ids, then changed. */
export function smallContract(changes: Changes = {}): Contract {
  const contract: Contract = {
    ctx: { ...changes.ctx },
    op: FOUNDING.op,
    seed: { mode: 'explicit', value: changes.seed ?? FOUNDING.seed.value },
    policy: { ...FOUNDING.policy, ...changes.policy },
    args: { ...FOUNDING.args, iterations: SMALL_UNITS, ...changes.args },
  }
  // A story with a misspelt field would only ever tell of a 422.
  contractSchema.parse(contract)
  return contract
}
