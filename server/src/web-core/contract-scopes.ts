// What a contract asks of the project's memory, held against the scopes of the key that sends it: a route's own scope says
// nothing of it. Looked at before anything is looked up, so that a key which may not read learns of no name whether it is there.
import type { Contract } from '@forge/shared/contract/envelope.ts'
import type { FieldError } from '@forge/shared/contract/problem.ts'
import type { Scope } from '@forge/shared/contract/tenants.ts'
import { referencePaths } from '../memory/references.ts'
import type { ProjectCaller } from './auth.ts'
import { WEB_LIMITS } from './limits.ts'
import { refuse, type Refusal } from './refusal.ts'

export type ContractCaller = Pick<ProjectCaller, 'projectId' | 'scopes'>

/** To resolve what args refer to: what is read then stands in the job, for every key that sees jobs. */
export function mayRefer({ scopes }: ContractCaller, { args }: Pick<Contract, 'args'>): Refusal | null {
  if (scopes.has('memory:read')) return null
  const paths = referencePaths(args).slice(0, WEB_LIMITS.fieldErrorsMax)
  const errors = paths.map((path) => ({ path, message: 'a reference needs the scope memory:read' }))
  return lacking('memory:read', scopes, errors)
}

/** Both that, and to write what the contract's `artifacts` ask for. */
export function mayRegister(caller: ContractCaller, contract: Contract): Refusal | null {
  const refused = mayRefer(caller, contract)
  if (refused !== null || contract.artifacts?.persist !== true || caller.scopes.has('memory:write')) return refused
  const errors = [{ path: 'artifacts.persist', message: 'keeping a result needs the scope memory:write' }]
  return lacking('memory:write', caller.scopes, errors)
}

function lacking(scope: Scope, scopes: ReadonlySet<Scope>, errors: readonly FieldError[]): Refusal | null {
  const [first] = errors
  if (first === undefined) return null
  const has = [...scopes].join(', ') || 'none'
  return refuse('FORBIDDEN', `This key lacks the scope ${scope}, which ${first.path} needs; it has: ${has}.`, {
    errors,
  })
}
