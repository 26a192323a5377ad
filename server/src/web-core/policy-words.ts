// What a client's own body may not say of its policy although each field is well-formed: a word that would be ignored. Asked
// of bodies as they were sent: stored contracts have every default filled in.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import { invalid, type Refusal } from './refusal.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'

/** `sent` is the body that the contract was parsed from. Null when nothing in it would be ignored. */
export function ignoredPolicy({ policy }: Pick<Contract, 'policy'>, sent: JsonValue): Refusal | null {
  const { verify, on_unverified: then } = policy
  const errors: FieldError[] = []
  if (verify !== 'spotcheck' && isSaid(sent, 'spotcheck_rate')) {
    const message = `"${verify}" checks ${verify === 'none' ? 'no shard' : 'every shard'}: leave this field out, or ask for "spotcheck"`
    errors.push({ path: 'policy.spotcheck_rate', message })
  }
  if (isSaid(sent, 'on_unverified')) {
    if (verify === 'none') errors.push({ path: 'policy.on_unverified', message: NONE_IS_UNVERIFIED })
    if (verify === 'full' && then === 'degrade')
      errors.push({ path: 'policy.on_unverified', message: FULL_NEVER_DEGRADES })
  }
  return errors.length === 0 ? null : invalid(errors)
}

const NONE_IS_UNVERIFIED =
  '"none" wants no checks, so none can be missing: leave this field out, or ask for "spotcheck" or "full"'
const FULL_NEVER_DEGRADES =
  '"full" never degrades: leave this field out or say "fail", and without a checker the job fails at its deadline and ' +
  'is not billed; or ask for "spotcheck", which may degrade'

/** The schema fills the defaults in; only what the body itself says is the client's word. */
function isSaid(sent: JsonValue, name: string): boolean {
  const policy = fieldOf(sent, 'policy')
  return policy !== undefined && fieldOf(policy, name) !== undefined
}

function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? value[name] : undefined
}
