// What stands in the form of a new job, and the contract that it makes.
import { FOUNDING_REQUEST } from '@forge/shared/contract/founding.ts'
import { argsOf, numberOf, typedOf, type Field, type ReadArgs, type Typed } from './fields.ts'
import type { Contract } from './use-estimate.ts'
import { words } from '../words.ts'

export interface Form {
  /** `mc/1/insurance.v1`. */
  readonly op: string
  readonly args: Typed
  readonly seedMode: 'explicit' | 'derived'
  readonly seed: string
  /** Texts, as they are typed. */
  readonly policy: Readonly<Record<PolicyName, string>>
  readonly mode: 'billable' | 'test'
  readonly artifacts: TypedArtifacts
  readonly ownId: string
}

export const POLICY = [
  'target',
  'verify',
  'min_agents',
  'max_agents',
  'spotcheck_rate',
  'on_unverified',
  'timeout_ms',
  'pool',
  'region',
] as const
export type PolicyName = (typeof POLICY)[number]
const NUMBERS: ReadonlySet<PolicyName> = new Set(['min_agents', 'max_agents', 'spotcheck_rate', 'timeout_ms'])

/** What a completed job keeps in the memory. */
export interface TypedArtifacts {
  readonly include: readonly ArtifactName[]
  readonly namespace: string
  /** Arrays of the output and what they are kept as: `quantiles=severity`, with commas between them. */
  readonly arrays: string
}

export const ARTIFACTS = ['result_json', 'executions_json', 'metrics_json'] as const
export type ArtifactName = (typeof ARTIFACTS)[number]
const NO_ARTIFACTS: TypedArtifacts = { include: [], namespace: '', arrays: '' }

/** Undefined: nothing is kept. An array without a name is sent as it is, and the server says what it lacks. */
function artifactsOf({ include, namespace, arrays }: TypedArtifacts): object | undefined {
  const vmem = arrays
    .split(',')
    .map((pair) => pair.split('=').map((part) => part.trim()))
    .flatMap(([array = '', name = '']) => (array === '' && name === '' ? [] : [{ array, name }]))
  const artifacts = {
    ...(include.length === 0 ? {} : { include: ARTIFACTS.filter((name) => include.includes(name)) }),
    ...(namespace.trim() === '' ? {} : { kv_namespace: namespace.trim() }),
    ...(vmem.length === 0 ? {} : { vmem }),
  }
  return Object.keys(artifacts).length === 0 ? undefined : artifacts
}

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
      on_unverified: 'degrade',
      timeout_ms: '',
      pool: '',
      region: '',
    },
    mode: 'billable',
    artifacts: NO_ARTIFACTS,
    ownId: '',
  }
}

/** A contract as a job keeps it, with its defaults and with what it refers to in its args. */
export interface KeptContract {
  readonly ctx: { readonly billing: { readonly mode: Form['mode'] } }
  readonly op: { readonly name: string; readonly version: number; readonly profile: string }
  readonly seed: { readonly mode: Form['seedMode']; readonly value?: string }
  readonly policy: Readonly<Partial<Record<PolicyName, string | number>>>
  readonly args: Readonly<Record<string, unknown>>
  readonly artifacts?: {
    readonly include?: readonly ArtifactName[]
    readonly kv_namespace?: string
    readonly vmem?: readonly { readonly array: string; readonly name: string }[]
  }
}

export const opOf = ({ op: { name, version, profile } }: Pick<KeptContract, 'op'>): string =>
  `${name}/${version}/${profile}`

/** A request that a job had, without its id: whoever sends it again wants a new one. */
export function formOf(kept: KeptContract, fields: readonly Field[]): Form {
  const { ctx, seed, policy, args, artifacts } = kept
  return {
    op: opOf(kept),
    args: typedOf(fields, args),
    seedMode: seed.mode,
    seed: seed.value ?? '',
    policy: Object.fromEntries(POLICY.map((name) => [name, String(policy[name] ?? '')])) as Form['policy'],
    mode: ctx.billing.mode,
    artifacts: {
      include: artifacts?.include ?? [],
      namespace: artifacts?.kv_namespace ?? '',
      arrays: (artifacts?.vmem ?? []).map(({ array, name }) => `${array}=${name}`).join(', '),
    },
    ownId: '',
  }
}

export function contractOf(form: Form, fields: readonly Field[]): ReadArgs & { readonly contract: Contract } {
  const read = argsOf(fields, form.args)
  const faults: Record<string, string> = { ...read.faults }
  const [name = '', version = '', profile = ''] = form.op.split('/')
  const policy = Object.fromEntries(
    POLICY.flatMap((key): [string, unknown][] => {
      const text = form.policy[key].trim()
      // Only a spotcheck has a rate; elsewhere the server would refuse it.
      if (text === '' || (key === 'spotcheck_rate' && form.policy.verify !== 'spotcheck')) return []
      // Its default is not said, so that the request stays as short as one would write it; and without checks it is nothing.
      if (key === 'on_unverified' && (text === 'degrade' || form.policy.verify === 'none')) return []
      if (!NUMBERS.has(key)) return [[key, text]]
      const number = numberOf(text)
      if (number === undefined) faults[`policy.${key}`] = words.form.badNumber
      return number === undefined ? [] : [[key, number]]
    }),
  )
  const artifacts = artifactsOf(form.artifacts)
  const contract = {
    ctx: {
      ...(form.ownId.trim() === '' ? {} : { job_id: form.ownId.trim() }),
      billing: { mode: form.mode },
    },
    op: { name, version: Number(version), profile },
    seed: form.seedMode === 'explicit' ? { mode: 'explicit', value: form.seed } : { mode: 'derived' },
    policy,
    args: read.args,
    ...(artifacts === undefined ? {} : { artifacts }),
  }
  // The server parses it, and says by path what does not fit.
  return { ...read, faults, contract: contract as unknown as Contract }
}
