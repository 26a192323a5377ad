// What stands in the form of a new job, and the contract that it makes.
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { argsOf, typedOf, type Field, type ReadArgs, type Typed } from './fields.ts'
import type { Contract } from './use-estimate.ts'

export interface Form {
  /** `mc/1/insurance.v1`. */
  readonly op: string
  readonly args: Typed
  readonly seedMode: 'explicit' | 'derived'
  readonly seed: string
  /** Texts, as they are typed. */
  readonly policy: Readonly<Record<PolicyName, string>>
  readonly mode: 'billable' | 'test'
  readonly ownId: string
}

export const POLICY = ['target', 'verify', 'min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms', 'pool'] as const
export type PolicyName = (typeof POLICY)[number]
const NUMBERS: ReadonlySet<PolicyName> = new Set(['min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms'])

/** The founding example, without its id: whoever presses the button wants a job, and not the one that was there before. */
export function foundingForm(fields: readonly Field[]): Form {
  const { op, seed, policy, args } = FOUNDING_REQUEST
  return {
    op: `${op.name}/${op.version}/${op.profile}`,
    args: typedOf(fields, args),
    seedMode: seed.mode,
    seed: seed.value,
    policy: {
      target: policy.target,
      verify: policy.verify,
      min_agents: String(policy.min_agents),
      max_agents: String(policy.max_agents),
      spotcheck_rate: '',
      timeout_ms: '',
      pool: '',
    },
    mode: 'billable',
    ownId: '',
  }
}

export function contractOf(form: Form, fields: readonly Field[]): ReadArgs & { readonly contract: Contract } {
  const read = argsOf(fields, form.args)
  const [name = '', version = '', profile = ''] = form.op.split('/')
  const policy = Object.fromEntries(
    POLICY.flatMap((key) => {
      const text = form.policy[key].trim()
      // Only a spotcheck has a rate; elsewhere the server would refuse it.
      if (text === '' || (key === 'spotcheck_rate' && form.policy.verify !== 'spotcheck')) return []
      return [[key, NUMBERS.has(key) ? Number(text) : text]]
    }),
  )
  const contract = {
    ctx: {
      ...(form.ownId.trim() === '' ? {} : { job_id: form.ownId.trim() }),
      billing: { mode: form.mode },
    },
    op: { name, version: Number(version), profile },
    seed: form.seedMode === 'explicit' ? { mode: 'explicit', value: form.seed } : { mode: 'derived' },
    policy,
    args: read.args,
  }
  // The server parses it, and says by path what does not fit.
  return { ...read, contract: contract as unknown as Contract }
}
