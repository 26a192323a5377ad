// What a client's own body may not say of its policy although each field is well-formed: a word that would be ignored. Asked
// of bodies as they were sent: stored contracts have every default filled in.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import { invalid, type Refusal } from './refusal.ts'
import type { JsonValue } from '@forge/shared/exact/strict-json.ts'

/** `sent` is the body that the contract was parsed from. Null when nothing in it would be ignored. */
export function ignoredPolicy({ policy }: Pick<Contract, 'policy'>, sent: JsonValue): Refusal | null {
  if (policy.verify !== 'full' || policy.on_unverified !== 'degrade' || !isSaid(sent)) return null
  const message =
    '"full" never degrades: leave this field out or say "fail", and without a checker the job fails at its deadline and ' +
    'is not billed; or ask for "spotcheck", which may degrade'
  return invalid([{ path: 'policy.on_unverified', message }])
}

/** The schema fills the default in; only what the body itself says is the client's word. */
function isSaid(sent: JsonValue): boolean {
  const policy = fieldOf(sent, 'policy')
  return policy !== undefined && fieldOf(policy, 'on_unverified') !== undefined
}

function fieldOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return Object.hasOwn(value, name) ? value[name] : undefined
}
