// An expected refusal, as a value: what the steps of a route return instead of going on. How it is sent is in reply.ts,
// which codes there are in the contract's problem.ts.
import type { z } from 'zod'
import { problem, type FieldError, type Problem, type ProblemCode } from '@forge/shared/contract/problem.ts'
import { plainIssue } from '@forge/shared/contract/plain-issue.ts'
import { WEB_LIMITS } from './limits.ts'

export class Refusal {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
  constructor(document: Problem, headers: Readonly<Record<string, string>> = {}) {
    this.problem = document
    this.headers = headers
  }
}

export const refuse = (
  code: ProblemCode,
  detail: string,
  extra: { readonly job_id?: string; readonly errors?: readonly FieldError[] } = {},
): Refusal => new Refusal(problem(code, detail, extra))

/** What does not fit a schema, with the first fault in the sentence and all of them beside it. */
export function invalid(errors: readonly FieldError[]): Refusal {
  const [first] = errors
  const where = first === undefined || first.path === '' ? 'the body' : first.path
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return refuse('VALIDATION_FAILED', `${where}: ${first?.message ?? 'does not fit'}${more}.`, { errors })
}

/** Parses with our own sentences for what does not fit. */
export const parse = <T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> =>
  schema.safeParse(value, { error: plainIssue })

/** The errors of {@link parse} as paths and sentences, each unknown field by its own path. */
export function fieldErrors(error: z.ZodError, prefix: readonly string[] = []): FieldError[] {
  const errors: FieldError[] = []
  for (const issue of error.issues) {
    const at = [...prefix, ...issue.path]
    const names = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    for (const name of names) {
      if (errors.length === WEB_LIMITS.fieldErrorsMax) return errors
      if (name === null) errors.push({ path: pathOf(at), message: cut(issue.message, WEB_LIMITS.messageCharactersMax) })
      else errors.push({ path: pathOf([...at, name]), message: 'there is no such field' })
    }
  }
  return errors
}

/** `policy.min_agents`, `artifacts.include.0`; the whole body is the empty path. */
export function pathOf(segments: readonly PropertyKey[]): string {
  return cut(segments.map(String).join('.'), WEB_LIMITS.echoCharactersMax)
}

/** Never between the halves of a surrogate pair. */
function cut(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  return `${text.slice(0, charactersMax - 1).replace(/[\uD800-\uDBFF]$/, '')}…`
}
