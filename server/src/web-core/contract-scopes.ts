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
  return lacking(scopes, unreadable(scopes, args))
}

/** Both that, and to write what the contract's `artifacts` ask for: whoever lacks both scopes is told of both at once. */
export function mayRegister({ scopes }: ContractCaller, { args, artifacts }: Contract): Refusal | null {
  const unwritable: Lack[] =
    artifacts?.persist === true && !scopes.has('memory:write')
      ? [{ scope: 'memory:write', path: 'artifacts.persist', message: 'keeping a result needs the scope memory:write' }]
      : []
  const unread = unreadable(scopes, args).slice(0, WEB_LIMITS.fieldErrorsMax - unwritable.length)
  return lacking(scopes, [...unread, ...unwritable])
}

/** A place of a contract, and the scope that it needs and the key lacks. */
interface Lack extends FieldError {
  readonly scope: Scope
}

function unreadable(scopes: ReadonlySet<Scope>, args: Contract['args']): Lack[] {
  if (scopes.has('memory:read')) return []
  const paths = referencePaths(args).slice(0, WEB_LIMITS.fieldErrorsMax)
  return paths.map((path) => ({ scope: 'memory:read', path, message: 'a reference needs the scope memory:read' }))
}

function lacking(scopes: ReadonlySet<Scope>, lacks: readonly Lack[]): Refusal | null {
  // Of each scope the first place that needs it.
  const firsts = lacks.filter(({ scope }, index) => lacks.findIndex((one) => one.scope === scope) === index)
  if (firsts.length === 0) return null
  const named = firsts.map(({ scope, path }) => `the scope ${scope}, which ${path} needs`).join(', and ')
  const has = [...scopes].join(', ') || 'none'
  const errors = lacks.map(({ path, message }) => ({ path, message }))
  return refuse('FORBIDDEN', `This key lacks ${named}; it has: ${has}.`, { errors })
}
