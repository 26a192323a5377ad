// A refusal as the server said it: the sentence, the code, each field that is wrong, and whether asking again can help.
import { mayPass } from '../again.ts'
import type { Problem } from '../api.ts'
import { words } from '../words.ts'
import { Glyph } from './glyph.tsx'
import { Button } from './button.tsx'

export function ProblemNote({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="problem" role="alert">
      <p class="st is-bad">
        <Glyph name="failed" />
        {problem.title}
      </p>
      <p>{problem.detail}</p>
      {problem.errors !== undefined && problem.errors.length > 1 && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
      <p class="cap">
        {problem.status > 0 && (
          <>
            {words.problem.code} <code>{problem.code}</code>.{' '}
          </>
        )}
        {retryText(problem, again !== undefined)}
      </p>
      {again !== undefined && problem.retryable && (
        <Button small onPress={again}>
          {words.again}
        </Button>
      )}
    </div>
  )
}

/** What is loaded is asked for again by itself. */
function retryText(problem: Problem, isLoad: boolean): string {
  const { byItself, retry, noRetry } = words.problem
  return isLoad && mayPass(problem) ? byItself : problem.retryable ? retry : noRetry
}
