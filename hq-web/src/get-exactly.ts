// How HQ reads what it goes on to check: a document that names a field twice would be one thing to it and another to whoever
// takes the first of the two, so such an answer is refused instead of being checked. Pages that only show take JSON as it comes.
import { parseStrictJson } from '@forge/shared/exact/strict-json.ts'
import { ApiProblem, get } from './api.ts'
import { words } from './words.ts'

/** As `get`; what is no exact JSON is an `ApiProblem`. */
export const getExactly: typeof get = (path, sent) => get(path, { ...sent, parse: exactly })

function exactly(text: string): unknown {
  const parsed = parseStrictJson(text)
  if ('value' in parsed) return parsed.value
  const { path, message } = parsed.fault
  throw new ApiProblem({
    ok: false,
    type: 'about:blank',
    title: words.problem.inexactTitle,
    status: 0,
    code: 'INTERNAL',
    retryable: false,
    detail: words.problem.inexact(path.join('.'), message),
  })
}
